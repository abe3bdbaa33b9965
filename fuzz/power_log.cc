// A power meter's log and a recorded trace: any bytes, in every unit of time; what is read as a
// trace is written and read again as the same.

#include "profile/power_log.h"

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "profile/power_trace_csv.h"

namespace {

using namespace edgetran;

void check_log(std::string_view text) {
  for (const auto unit : {profile::LogTimeUnit::kSeconds, profile::LogTimeUnit::kMilliseconds,
                          profile::LogTimeUnit::kIso})
    for (const bool product : {false, true}) {
      profile::PowerLogFormat format;
      format.time = "t";
      format.time_unit = unit;
      (product ? format.volt : format.power) = "p";
      if (product) format.ampere = "i";
      const auto log = profile::parse_power_log(text, "fuzz", format);
      if (!log) continue;
      double last_s = -INFINITY;
      for (const profile::PowerSample& sample : log->trace.samples) {
        EDGETRAN_CHECK(sample.before_s >= last_s, "time does not go backwards");
        EDGETRAN_CHECK(std::isfinite(sample.value.watts), "power is a number");
        last_s = sample.before_s;
      }
    }
}

void check_trace(std::string_view text) {
  const auto log = profile::decode_power_trace(text, "fuzz");
  if (!log) return;
  const std::string written = profile::encode_power_trace(*log);
  const auto again = profile::decode_power_trace(written, "fuzz");
  EDGETRAN_CHECK(again.has_value(), "what was written is read");
  EDGETRAN_CHECK(profile::encode_power_trace(*again) == written, "and is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_log(text);
  check_trace(text);
  return 0;
}
