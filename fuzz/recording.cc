// The raw file of a measurement, which an agent takes from its peer to go on from: any bytes; what
// is read gives a record, and that record is found equal to its samples.

#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "profile/recheck.h"
#include "profile/record.h"
#include "profile/recording_text.h"
#include "profile/recording_trace.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgetran;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto recording = profile::decode_recording(text);
  if (!recording || recording->segments.empty() || recording->measured().empty()) return 0;
  const base::Json record = profile::make_record(*recording, base::sha256_hex(text), text.size());
  const auto differences = profile::recheck(record, text);
  EDGETRAN_CHECK(differences && differences->empty(), "a record is equal to its samples");
  profile::power_logs(*recording);
  profile::sensor_figures(*recording);
  return 0;
}
