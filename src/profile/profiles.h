#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/settings.h"

namespace edgetran::profile {

/// How long and how exactly to measure: a row of named data, written into every record. New
/// profiles are new rows in profiles.cc.
struct Profile {
  std::string name;
  int64_t warm_up_min_runs = 0;
  double warm_up_min_s = 0;
  double warm_up_max_s = 0;
  int64_t min_windows = 0;
  int64_t max_windows = 0;  ///< then what is there is reported; 0: only the time limit ends it
  double window_min_s = 0;
  int64_t window_min_runs = 0;
  int64_t window_updates = 0;  ///< of the slowest sensor of power that a window holds at least
  double windows_min_s = 0;    ///< of all windows together
  double half_width = 0;  ///< of the 95 % interval of the median, relative, that ends measuring
  double energy_half_width = 0;  ///< likewise of the windows' energy; 0: not asked for
  int64_t min_samples = 0;       ///< before measuring may end so
  double drift = 0;              ///< relative change of level inside the windows that is NOT_STEADY
  double limit_s = 0;  ///< of everything beyond loading; then what is there is reported; 0: none

  double idle_unloaded_s = 0;  ///< phases without work; only where a power sensor is read
  double idle_loaded_s = 0;
  double idle_after_s = 0;
  double idle_max_s = 0;         ///< an idle phase that is noisy is made longer, up to this
  int64_t throttle_retries = 0;  ///< windows that may be measured again after cooling down
  bool keep_throttled = false;   ///< a throttled window is the figure, not a fault
  double cool_down_max_s = 0;
  int64_t observer_blocks = 0;  ///< of windows with, without, without and with the sampler
  bool memory_pass = false;     ///< the model is loaded once more for the figures of memory alone
  bool strict = false;          ///< notes on the state of the machine are flags
};

/// The keys of a row, in the order of files.
const base::Settings<Profile>& profile_settings();

/// profiling.md, section 3. Unknown name: kUsage with the allowed ones and the nearest.
base::Result<Profile> find_profile(const std::string& name);
std::vector<std::string> profile_names();

}  // namespace edgetran::profile
