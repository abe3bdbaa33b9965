// An .xz file of any bytes: what comes out is within the limit.

#include "data/xz.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran;
  constexpr uint64_t kLimit = uint64_t{1} << 20;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto text = data::decompress_xz(bytes, "fuzz", kLimit))
    EDGETRAN_CHECK(text->size() <= kLimit, "the limit holds");
  return 0;
}
