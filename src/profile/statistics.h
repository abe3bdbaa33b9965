#pragma once

#include <cstddef>
#include <optional>
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
/// Fewest samples for which an order-statistic 95 % interval of the median exists (2 * 0.5^6).
inline constexpr size_t kMinimumForInterval = 6;

struct Interval {
  double low = 0;
  double high = 0;
};

/// 95 % interval of the median from order statistics, exact for independent samples of any
/// distribution (binomial ranks). Where batch means of "at most the median" vary more than those of
/// independent samples would, the ranks are moved out by the square root of that ratio (the
/// variance of a sample median under dependence is the independent one times this factor).
/// nullopt below kMinimumForInterval.
std::optional<Interval> median_interval(std::span<const double> samples);

/// How much the variance of the median is inflated by dependence of neighbouring samples, >= 1,
/// by batch means over floor(sqrt(n)) batches.
double dependence_factor(std::span<const double> samples);

/// Half the width of an interval over its centre value.
double relative_half_width(const Interval& interval, double centre);

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

struct ChangePoint {
  double p_value = 1;  ///< Pettitt's rank test
  size_t index = 0;    ///< first sample after the change
  double step = 0;     ///< median after over median before, minus one
};
/// The most likely change of level. Fewer than 8 samples: none can be told (p = 1).
ChangePoint change_point(std::span<const double> samples);

/// Indices of samples whose modified z-score exceeds 14.8 and that are further than `floor` from
/// the median (three timer ticks). Flagged, never removed.
std::vector<size_t> outliers(std::span<const double> samples, double floor);

}  // namespace edgetran::profile
