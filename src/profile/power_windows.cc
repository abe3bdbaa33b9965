#include "profile/power_windows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "profile/window_parts.h"

namespace edgetran::profile {

namespace {

/// Blocks of an idle phase: long enough that the edges of a counter with updates of a millisecond
/// hardly count, at least three in the shortest phase.
constexpr double kBlock_s = 1;
constexpr double kFewestBlocks = 3;
/// More say no more about the mean.
constexpr double kMostBlocks = 1000;
constexpr double kBlockUpdates = 20;

double slowest_update_s(const Segment& segment, const PowerTotal& total) {
  double slowest_s = 0;
  for (const size_t sensor : total.sensors) {
    slowest_s = std::max(slowest_s, segment.traces[sensor].update_s);
  }
  return slowest_s;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
  const double middle = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

bool contains_accelerators(Boundary boundary) {
  return boundary == Boundary::kWall || boundary == Boundary::kBoardInput ||
         boundary == Boundary::kModule || boundary == Boundary::kEstimate;
}

}  // namespace

WindowEnergy total_energy(const Segment& segment, const PowerTotal& total, const TimeSpan& span) {
  WindowEnergy sum;
  for (size_t i = 0; i < total.sensors.size(); ++i) {
    const WindowEnergy one =
        window_energy(segment.traces[total.sensors[i]], span.start_s, span.end_s);
    if (one.fault != WindowFault::kNone) return one;
    sum.energy_j += one.energy_j;
    sum.edge_j += one.edge_j;
    sum.gain_j += one.gain_j;
    sum.updates = i == 0 ? one.updates : std::min(sum.updates, one.updates);
  }
  if (total.sensors.empty()) {
    sum.fault = WindowFault::kNotCovered;
    return sum;
  }
  sum.mean_w = sum.energy_j / span.length_s();
  return sum;
}

std::optional<TotalPeak> total_peak(const Segment& segment, const PowerTotal& total,
                                    const TimeSpan& span, double bandwidth_s) {
  TotalPeak peak;
  peak.exact = total.sensors.size() == 1;
  for (const size_t sensor : total.sensors) {
    const auto one = peak_power(segment.traces[sensor], span.start_s, span.end_s, bandwidth_s);
    if (!one) return std::nullopt;
    peak.value_w += *one;
  }
  if (total.sensors.empty()) return std::nullopt;
  return peak;
}

std::optional<IdlePower> idle_power(const Segment& segment, const PowerTotal& total,
                                    const TimeSpan& span) {
  const WindowEnergy whole = total_energy(segment, total, span);
  if (whole.fault != WindowFault::kNone) return std::nullopt;
  IdlePower idle{.span = span, .mean_w = whole.mean_w, .sigma_w = 0, .variation = 0, .blocks = {}};
  const double least_s =
      std::min(std::max(kBlock_s, kBlockUpdates * slowest_update_s(segment, total)),
               span.length_s() / kFewestBlocks);
  if (!(least_s > 0)) return idle;
  const auto count = static_cast<int>(std::min(span.length_s() / least_s, kMostBlocks));
  for (int i = 0; i < count; ++i) {
    const double block_s = span.length_s() / count;
    const TimeSpan block{span.start_s + i * block_s, span.start_s + (i + 1) * block_s};
    const WindowEnergy energy = total_energy(segment, total, block);
    if (energy.fault == WindowFault::kNone) idle.blocks.push_back(energy.mean_w);
  }
  const double edge_w = whole.edge_j / span.length_s() / kHalfWidth95;
  double spread_w = 0;
  if (idle.blocks.size() > 1) {
    const double block_sigma_w = deviation(idle.blocks);
    spread_w = block_sigma_w / std::sqrt(static_cast<double>(idle.blocks.size()));
    idle.variation = idle.mean_w > 0 ? block_sigma_w / idle.mean_w : 0;
  }
  idle.sigma_w = std::hypot(edge_w, spread_w);
  return idle;
}

double Baseline::power_w(double time_s) const {
  if (!after) return before.mean_w;
  const double from_s = (before.span.start_s + before.span.end_s) / 2;
  const double to_s = (after->span.start_s + after->span.end_s) / 2;
  const double share = std::clamp((time_s - from_s) / (to_s - from_s), 0.0, 1.0);
  return before.mean_w + share * (after->mean_w - before.mean_w);
}

double Baseline::sigma_w() const {
  if (!after) return before.sigma_w;
  // The mean of two, and half of what lies between them: the true path need not be a line.
  constexpr double kHalf = 0.5, kUniform = 0.28867513459481287;  // 1 / sqrt(12)
  return std::hypot(kHalf * std::hypot(before.sigma_w, after->sigma_w), kUniform * drift_w());
}

std::optional<Baseline> baseline_of(const Segment& segment, const PowerTotal& total) {
  if (!segment.idle_loaded) return std::nullopt;
  const auto before = idle_power(segment, total, *segment.idle_loaded);
  if (!before) return std::nullopt;
  Baseline baseline{.before = *before, .after = {}};
  if (segment.idle_after) baseline.after = idle_power(segment, total, *segment.idle_after);
  return baseline;
}

std::optional<size_t> primary_total(const Segment& segment, std::string_view accelerator) {
  const auto& totals = segment.totals;
  if (totals.empty()) return std::nullopt;
  if (accelerator != "CPU" && !contains_accelerators(totals.front().boundary)) {
    for (size_t i = 0; i < totals.size(); ++i) {
      if (totals[i].boundary == Boundary::kAccelerator) return i;
    }
  }
  return 0;
}

}  // namespace edgetran::profile
