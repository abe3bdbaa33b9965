#pragma once

#include <span>

namespace edgetran::profile {

/// Whether the last max(20 samples, 2 s or all there are) of a warm-up are steady (profiling.md,
/// section 5): their level does not move by more than 1 %, and the coefficient of variation is at
/// most 2 % or the spread no longer changes from half to half.
bool is_steady(std::span<const double> seconds);

/// Whether the level of a measured series moved by more than `drift` (relative), each at p <= 0.01:
/// a stretch apart from the rest (step, passing throttle), a trend (Mann-Kendall) or an
/// oscillation of that amplitude.
bool level_moved(std::span<const double> seconds, double drift);

}  // namespace edgetran::profile
