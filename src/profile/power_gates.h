#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profile/energy.h"

namespace edgetran::profile {

/// A measuring window's energy with its length.
struct PowerWindow {
  double length_s = 0;
  WindowEnergy energy;
};

/// Mean power over any stretch of so long: the largest.
struct PeakPower {
  double bandwidth_s = 0;
  double value_w = 0;
};

/// The power figures of one sensor in one session, as the gates see them.
struct PowerFigures {
  std::span<const PowerWindow> windows;
  double idle_w = 0;                 ///< baseline of net energy, the model loaded
  double idle_sigma_w = 0;           ///< one standard deviation of it
  std::span<const PeakPower> peaks;  ///< over all windows
  std::optional<double> rating_w;
};

/// Gates against physics that need power only (profiling.md, section 6), in this order and each at
/// most once: IDLE_DOMINATED where net is under a tenth of gross energy, UNDERSAMPLED where a
/// window holds fewer than 20 updates, IMPOSSIBLE where a mean is above what a peak allows, a peak
/// or mean above the rating, a mean more than three sigma below idle, an energy not its mean power
/// times its length to 1e-6, or a figure not finite or below 0. Windows with a fault are passed
/// over; no window without: no flag.
std::vector<std::string> power_flags(const PowerFigures& figures);

}  // namespace edgetran::profile
