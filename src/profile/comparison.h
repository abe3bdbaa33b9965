#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "profile/median_interval.h"

namespace edgetran::profile {

/// What a paired comparison says of the second of two things against the first.
enum class ComparisonVerdict { kSame, kFaster, kSlower, kAmbiguous };

/// "SAME", "FASTER", "SLOWER", "AMBIGUOUS".
std::string_view comparison_name(ComparisonVerdict verdict);

/// Differences below this cannot change a decision between two encoders: the half-width to which
/// `quick` knows a latency is 3 %, and two settings that differ by less than 2 % are one choice.
inline constexpr double kSameMargin = 0.02;

/// Of n pairs (second over first), taken in turns.
struct PairedComparison {
  ComparisonVerdict verdict = ComparisonVerdict::kAmbiguous;
  double ratio = 1;                  ///< geometric mean of second / first
  std::optional<Interval> interval;  ///< 95 % of the ratio; none below two pairs
  size_t pairs = 0;
  double margin = kSameMargin;
};

/// "Comparing two models" (profiling.md, section 5): Student's t interval, 95 %, of the mean of
/// `log_ratios` = log(second / first), one of each pair that was measured back to back. SAME where
/// the interval lies within [1 / (1 + margin), 1 + margin], even where it leaves out 1: what is too
/// small to matter is not told as a difference. Else FASTER where it lies below 1, SLOWER above;
/// AMBIGUOUS where it does not say, or with fewer than two pairs.
/// kUsage: a log ratio that is not finite, or a margin that is not positive and finite.
base::Result<PairedComparison> compare_paired(std::span<const double> log_ratios,
                                              double margin = kSameMargin);

/// By how much one measurement differs from the next of the same thing.
struct Reproducibility {
  /// Of the second measurements over the first ones: SAME on a board that did not change.
  PairedComparison shift;
  double spread = 0;                 ///< relative standard deviation of one measurement
  std::optional<Interval> interval;  ///< 95 % of the spread; none without pairs
};

/// From log ratios of repeats over their originals: the spread of a single measurement is
/// sqrt(sum of squares / 2n), the repeatability standard deviation of ISO 5725-2 for pairs, and its
/// interval that of chi-square with n degrees of freedom. Two measurements of the same thing differ
/// by more than 2.77 spreads in one case of twenty. Errors as in compare_paired.
base::Result<Reproducibility> reproducibility(std::span<const double> log_ratios,
                                              double margin = kSameMargin);

}  // namespace edgetran::profile
