#include "profile/profiles.h"

#include <fmt/format.h>

#include <array>

#include "base/config.h"

namespace edgetran::profile {

namespace {

const std::array<Profile, 1>& profiles() {
  static const std::array<Profile, 1> kProfiles = {{
      // For active learning and search: many models, each good enough to be ranked.
      {.name = "quick",
       .warm_up_min_runs = 5,
       .warm_up_min_s = 0.2,
       .warm_up_max_s = 1,
       .min_windows = 5,
       .window_min_s = 0.2,
       .window_min_runs = 20,
       .half_width = 0.03,
       .min_samples = 64,
       // A drift inside the interval that is asked for cannot change a ranking.
       .drift = 0.03,
       .limit_s = 3},
  }};
  return kProfiles;
}

}  // namespace

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const Profile& profile : profiles()) names.push_back(profile.name);
  return names;
}

base::Result<Profile> find_profile(const std::string& name) {
  for (const Profile& profile : profiles()) {
    if (profile.name == name) return profile;
  }
  const auto near = base::nearest_name(name, profile_names());
  return base::fail(
      base::ErrorCategory::kUsage,
      fmt::format("unknown profile \"{}\"; allowed: {}", name, fmt::join(profile_names(), ", ")),
      near ? fmt::format("did you mean \"{}\"?", *near) : "");
}

}  // namespace edgetran::profile
