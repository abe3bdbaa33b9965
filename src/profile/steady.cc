#include "profile/steady.h"

#include <algorithm>
#include <cmath>

#include "profile/level_changes.h"
#include "profile/statistics.h"

namespace edgetran::profile {

namespace {

constexpr size_t kLookBackRuns = 20;
constexpr double kLookBackS = 2;
constexpr double kSameLevel = 0.01;
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

}  // namespace

bool is_steady(std::span<const double> seconds) {
  const auto window = recent(seconds);
  if (window.size() < kLookBackRuns) return false;
  if (level_moved(window, kSameLevel)) return false;
  if (coefficient_of_variation(window) <= kSmallVariation) return true;
  const double older = relative_spread(window.first(window.size() / 2));
  const double newer = relative_spread(window.subspan(window.size() / 2));
  return std::max(older, newer) <= kSameSpread * std::min(older, newer);
}

bool level_moved(std::span<const double> seconds, double drift) {
  const Excursion stretch = find_excursion(seconds);
  if (stretch.p_value <= kSignificant && std::abs(stretch.step) > drift) return true;
  const Trend slope = trend(seconds);
  if (slope.p_value <= kSignificant && std::abs(slope.total_drift) > drift) return true;
  const Oscillation wave = find_oscillation(seconds);
  return wave.p_value <= kSignificant && wave.amplitude > drift;
}

}  // namespace edgetran::profile
