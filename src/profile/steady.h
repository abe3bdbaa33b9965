#pragma once

#include <span>

namespace edgetran::profile {

/// Whether the last max(20 samples, 2 s or all there are) of a warm-up are steady (profiling.md,
/// section 5): two halves whose medians differ by at most 1 %, a coefficient of variation of at
/// most 2 % or a spread that no longer changes from half to half, and no trend that matters.
bool is_steady(std::span<const double> seconds);

/// Whether the level of a measured series moved by more than `drift` (relative): a change point
/// (Pettitt, p <= 0.01) or a trend (Mann-Kendall, p <= 0.01) of that size.
bool level_moved(std::span<const double> seconds, double drift);

}  // namespace edgetran::profile
