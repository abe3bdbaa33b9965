#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace edgetran::profile {

// Statistics of timing samples (profiling.md, section 5). All are pure functions with a fixed order
// of reduction; samples are finite.

/// Middle value, mean of the two middle ones for an even count; at least one sample.
double median(std::span<const double> samples);

/// Nearest-rank quantile, `share` in (0, 1]: the ceil(share n)-th smallest.
double quantile(std::span<const double> samples, double share);

/// Fewest samples with which a quantile is reported, from profiling.md, section 5: with fewer, the
/// chance that not one sample lies above it (0.9^n, 0.99^n) is over 0.0013.
inline constexpr size_t kMinimumForP90 = 64;
inline constexpr size_t kMinimumForP99 = 662;

/// Standard deviation (n - 1) over mean; 0 for fewer than two samples.
double coefficient_of_variation(std::span<const double> samples);

/// 1.4826 times the median absolute deviation over the median: what the coefficient of variation
/// would be without outliers, for normal samples.
double relative_spread(std::span<const double> samples);

struct Trend {
  double p_value = 1;      ///< two-sided Mann-Kendall, ties corrected, normal approximation
  double total_drift = 0;  ///< Theil-Sen slope times n over the median, signed
};
/// Monotone trend in order of time. Fewer than 8 samples: no trend can be told (p = 1).
Trend trend(std::span<const double> samples);

/// Indices of samples whose modified z-score exceeds 14.8 and that are further than `floor` from
/// the median (three timer ticks). Flagged, never removed.
std::vector<size_t> outliers(std::span<const double> samples, double floor);

}  // namespace edgetran::profile
