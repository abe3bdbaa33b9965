#include "profile/comparison.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "profile/chi_square.h"
#include "profile/student_t.h"

namespace edgetran::profile {

namespace {

/// Of all intervals here, two-sided.
constexpr double kConfidence = 0.95;
constexpr double kUpperTail = (1 + kConfidence) / 2;

base::Status check(std::span<const double> log_ratios, double margin) {
  if (!std::isfinite(margin) || margin <= 0) {
    return base::fail(base::ErrorCategory::kUsage,
                      fmt::format("a margin of {} tells nothing apart", margin),
                      "it is a share above 0, such as 0.02");
  }
  for (size_t i = 0; i < log_ratios.size(); ++i) {
    if (!std::isfinite(log_ratios[i])) {
      return base::fail(base::ErrorCategory::kUsage,
                        fmt::format("log ratio {} is {}, not a finite number", i, log_ratios[i]),
                        "a latency of 0 or none cannot be compared");
    }
  }
  return {};
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Standard error of the mean; at least two values.
double standard_error(std::span<const double> values, double centre) {
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / (n - 1) / n);
}

ComparisonVerdict verdict_of(const Interval& interval, double margin) {
  if (interval.low >= 1 / (1 + margin) && interval.high <= 1 + margin)
    return ComparisonVerdict::kSame;
  if (interval.high < 1) return ComparisonVerdict::kFaster;
  if (interval.low > 1) return ComparisonVerdict::kSlower;
  return ComparisonVerdict::kAmbiguous;
}

}  // namespace

std::string_view comparison_name(ComparisonVerdict verdict) {
  switch (verdict) {
    case ComparisonVerdict::kSame:
      return "SAME";
    case ComparisonVerdict::kFaster:
      return "FASTER";
    case ComparisonVerdict::kSlower:
      return "SLOWER";
    case ComparisonVerdict::kAmbiguous:
      break;
  }
  return "AMBIGUOUS";
}

base::Result<PairedComparison> compare_paired(std::span<const double> log_ratios, double margin) {
  EDGETRAN_TRY(check(log_ratios, margin));
  PairedComparison comparison{.interval = {}, .pairs = log_ratios.size(), .margin = margin};
  if (log_ratios.empty()) return comparison;
  const double centre = mean(log_ratios);
  comparison.ratio = std::exp(centre);
  if (log_ratios.size() < 2) return comparison;
  const auto freedom = static_cast<double>(log_ratios.size() - 1);
  const double half_width =
      student_t_quantile(kUpperTail, freedom) * standard_error(log_ratios, centre);
  comparison.interval =
      Interval{.low = std::exp(centre - half_width), .high = std::exp(centre + half_width)};
  comparison.verdict = verdict_of(*comparison.interval, margin);
  return comparison;
}

base::Result<Reproducibility> reproducibility(std::span<const double> log_ratios, double margin) {
  Reproducibility result;
  EDGETRAN_ASSIGN(result.shift, compare_paired(log_ratios, margin));
  if (log_ratios.empty()) return result;
  double squares = 0;
  for (const double ratio : log_ratios) squares += ratio * ratio;
  const auto n = static_cast<double>(log_ratios.size());
  result.spread = std::sqrt(squares / (2 * n));
  result.interval =
      Interval{.low = std::sqrt(squares / 2 / chi_square_quantile(kUpperTail, n)),
               .high = std::sqrt(squares / 2 / chi_square_quantile(1 - kUpperTail, n))};
  return result;
}

}  // namespace edgetran::profile
