#include "profile/steady.h"

#include <algorithm>
#include <cmath>

#include "profile/statistics.h"

namespace edgetran::profile {

namespace {

constexpr size_t kLookBackRuns = 20;
constexpr double kLookBackS = 2;
constexpr double kSameMedian = 0.01;
constexpr double kSmallVariation = 0.02;
/// A spread is stabilised when the halves' spreads are within this factor; for 10 samples a half,
/// two draws of one distribution are within it nine times in ten.
constexpr double kSameSpread = 2;
constexpr double kSignificant = 0.01;

std::span<const double> recent(std::span<const double> seconds) {
  double total_s = 0;
  size_t count = 0;
  while (count < seconds.size() && (count < kLookBackRuns || total_s < kLookBackS)) {
    total_s += seconds[seconds.size() - ++count];
  }
  return seconds.last(count);
}

bool trend_matters(std::span<const double> seconds, double drift) {
  const Trend found = trend(seconds);
  return found.p_value <= kSignificant && std::abs(found.total_drift) > drift;
}

}  // namespace

bool is_steady(std::span<const double> seconds) {
  const auto window = recent(seconds);
  if (window.size() < kLookBackRuns) return false;
  const auto older = window.first(window.size() / 2);
  const auto newer = window.subspan(window.size() / 2);
  if (std::abs(median(newer) / median(older) - 1) > kSameMedian) return false;
  const double wide = std::max(relative_spread(older), relative_spread(newer));
  const double narrow = std::min(relative_spread(older), relative_spread(newer));
  const bool calm = coefficient_of_variation(window) <= kSmallVariation;
  if (!calm && wide > kSameSpread * narrow) return false;
  return !trend_matters(window, kSameMedian);
}

bool level_moved(std::span<const double> seconds, double drift) {
  const ChangePoint change = change_point(seconds);
  if (change.p_value <= kSignificant && std::abs(change.step) > drift) return true;
  return trend_matters(seconds, drift);
}

}  // namespace edgetran::profile
