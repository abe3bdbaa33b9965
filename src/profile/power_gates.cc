#include "profile/power_gates.h"

#include <algorithm>
#include <cmath>

namespace edgetran::profile {

namespace {

constexpr double kLeastNetShare = 0.1;
constexpr int64_t kFewestUpdates = 20;
constexpr double kIdleSigmas = 3;
constexpr double kRelative = 1e-6;  ///< of energy against power times time, and of all comparisons

/// Whether a peak over `bandwidth_s` leaves room for the mean of a window: so many stretches of the
/// bandwidth cover the window, each with at most the peak. (A window of one and a half bandwidths
/// with its power at both ends has a mean above its peak.)
bool below_peak(const PowerWindow& window, const PeakPower& peak) {
  if (!(peak.bandwidth_s > 0) || !std::isfinite(peak.value_w)) return false;
  if (peak.bandwidth_s > window.length_s) return true;
  const double stretches = std::ceil(window.length_s / peak.bandwidth_s * (1 - kRelative));
  const double most_j = stretches * peak.bandwidth_s * peak.value_w;
  return window.energy.energy_j <= most_j * (1 + kRelative);
}

bool possible(const PowerWindow& window, const PowerFigures& figures) {
  const WindowEnergy& energy = window.energy;
  if (!std::isfinite(energy.energy_j) || !std::isfinite(energy.mean_w) || energy.energy_j < 0) {
    return false;
  }
  const double product_j = energy.mean_w * window.length_s;
  if (!(std::abs(energy.energy_j - product_j) <= kRelative * energy.energy_j)) return false;
  const double lowest_w = figures.idle_w - kIdleSigmas * figures.idle_sigma_w;
  if (!(energy.mean_w >= lowest_w)) return false;
  if (figures.rating_w && energy.mean_w > *figures.rating_w * (1 + kRelative)) return false;
  return std::all_of(figures.peaks.begin(), figures.peaks.end(),
                     [&](const PeakPower& peak) { return below_peak(window, peak); });
}

}  // namespace

std::vector<std::string> power_flags(const PowerFigures& figures) {
  double gross_j = 0, idle_j = 0;
  bool undersampled = false, impossible = false;
  for (const PowerWindow& window : figures.windows) {
    if (window.energy.fault != WindowFault::kNone) continue;
    gross_j += window.energy.energy_j;
    idle_j += figures.idle_w * window.length_s;
    undersampled = undersampled || window.energy.updates < kFewestUpdates;
    impossible = impossible || !possible(window, figures);
  }
  for (const PeakPower& peak : figures.peaks) {
    impossible =
        impossible || (figures.rating_w && peak.value_w > *figures.rating_w * (1 + kRelative));
  }
  std::vector<std::string> flags;
  if (gross_j > 0 && gross_j - idle_j < kLeastNetShare * gross_j) {
    flags.emplace_back("IDLE_DOMINATED");
  }
  if (undersampled) flags.emplace_back("UNDERSAMPLED");
  if (impossible) flags.emplace_back("IMPOSSIBLE");
  return flags;
}

}  // namespace edgetran::profile
