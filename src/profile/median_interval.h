#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace edgetran::profile {

/// Fewest samples for which an order-statistic 95 % interval of the median exists (2 * 0.5^6).
inline constexpr size_t kMinimumForInterval = 6;

struct Interval {
  double low = 0;
  double high = 0;
};

/// 95 % interval of the median (profiling.md, section 5) from order statistics, interpolated
/// between ranks (Hettmansperger and Sheather, Statistics and Probability Letters 4, 1986), of any
/// distribution. Dependence of neighbouring samples widens it by the square root of
/// dependence_factor(). It covers the median in 93 to 97 % of series that hold at least thirty
/// independent samples' worth; below that in fewer, and a series with hardly any is given its whole
/// range. nullopt below kMinimumForInterval.
std::optional<Interval> median_interval(std::span<const double> samples);

/// By how much dependence inflates the variance of the median, at least 1: n over this is what the
/// series is worth in independent samples. The long-run variance of "below the median" over that
/// of independent samples, 1/4, from an autoregression whose order Akaike's criterion chooses.
double dependence_factor(std::span<const double> samples);

/// Half the width of an interval over its centre value.
double relative_half_width(const Interval& interval, double centre);

}  // namespace edgetran::profile
