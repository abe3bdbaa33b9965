// The answer of a Raspberry Pi 5's firmware: any bytes.

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "profile/sensors/rpi5_pmic.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto sums = profile::sensors::sum_pmic_rails(text);
  if (sums) {
    EDGETRAN_CHECK(sums->rails > 0, "a sum has rails");
    EDGETRAN_CHECK(std::isfinite(sums->watts), "and is a number");
  }
  return 0;
}
