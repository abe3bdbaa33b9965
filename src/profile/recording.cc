#include "profile/recording.h"

namespace edgetran::profile {

std::string_view discard_reason(const Window& window, const Profile& profile) {
  if (!profile.keep_throttled && throttled(window.before, window.after)) return "THROTTLED";
  return window.major_faults > 0 ? "SWAPPING" : "";
}

std::vector<double> Recording::measured() const {
  const bool none_counts = discarded() == windows();
  std::vector<double> all;
  for (const Segment& segment : segments) {
    for (const Window& window : segment.windows) {
      if (!none_counts && !discard_reason(window, header.profile).empty()) continue;
      all.insert(all.end(), window.seconds.begin(), window.seconds.end());
    }
  }
  return all;
}

size_t Recording::windows() const {
  size_t count = 0;
  for (const Segment& segment : segments) count += segment.windows.size();
  return count;
}

size_t Recording::discarded() const {
  size_t count = 0;
  for (const Segment& segment : segments) {
    for (const Window& window : segment.windows) {
      count += discard_reason(window, header.profile).empty() ? 0 : 1;
    }
  }
  return count;
}

}  // namespace edgetran::profile
