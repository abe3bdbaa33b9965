#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace edgetran::profile {

/// How long and how exactly to measure: a row of named data, written into every record. New
/// profiles are new rows in profiles.cc.
struct Profile {
  std::string name;
  int64_t warm_up_min_runs = 0;
  double warm_up_min_s = 0;
  double warm_up_max_s = 0;
  int64_t min_windows = 0;
  double window_min_s = 0;
  int64_t window_min_runs = 0;
  double half_width = 0;    ///< of the 95 % interval of the median, relative, that ends measuring
  int64_t min_samples = 0;  ///< before measuring may end so
  double drift = 0;         ///< relative change of level inside the windows that is NOT_STEADY
  double limit_s = 0;       ///< of everything beyond loading; then what is there is reported
};

/// profiling.md, section 3. Unknown name: kUsage with the allowed ones and the nearest.
base::Result<Profile> find_profile(const std::string& name);
std::vector<std::string> profile_names();

}  // namespace edgetran::profile
