#include "profile/power_reasons.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string_view>
#include <vector>

namespace edgetran::profile {

std::string reason_without_window(const Recording& recording, const std::string& faults) {
  if (!faults.empty()) return fmt::format("no window has an energy ({})", faults);
  std::map<std::string_view, size_t> discarded;
  for (const Segment& segment : recording.segments) {
    for (const Window& window : segment.windows) {
      ++discarded[discard_reason(window, recording.header.profile)];
    }
  }
  std::vector<std::string> parts;
  parts.reserve(discarded.size());
  for (const auto& [reason, count] : discarded)
    parts.push_back(fmt::format("{} {}", count, reason));
  return fmt::format("all windows were discarded ({})", fmt::join(parts, ", "));
}

std::string reason_without_sensor(const Recording& recording) {
  if (recording.header.modelled) {
    return "the simulated device has no power law: energy and power are not known";
  }
  std::string reason = "no power sensor is read: energy and power were not measured";
  if (!recording.segments.empty() && !recording.segments.front().sensor_notes.empty()) {
    reason +=
        fmt::format(" ({})", recording.segments.front().sensor_notes.front().value("message", ""));
  }
  return reason;
}

}  // namespace edgetran::profile
