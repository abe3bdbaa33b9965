#include <algorithm>
#include <cmath>

#include "profile/energy.h"
#include "profile/updates.h"
#include "profile/window_parts.h"

namespace edgetran::profile {

namespace {

/// The moment of a counter's update is known to a period; over so many the mean is off by a tenth.
constexpr double kCounterPeriods = 10;

bool quick_enough(const PowerTrace& trace, const Stretch& stretch, double bandwidth_s) {
  const bool counter = trace.info.kind == SensorKind::kCounter;
  const double periods = counter && trace.update_s > 0 ? kCounterPeriods : 1;
  if (periods * stretch.update_s > bandwidth_s || trace.info.averaging_s > bandwidth_s) {
    return false;
  }
  for (size_t i = stretch.first + 1; i <= stretch.last; ++i) {
    if (trace.samples[i].time_s() - trace.samples[i - 1].time_s() > bandwidth_s) return false;
  }
  return true;
}

/// Moments at which a span of `bandwidth_s` begins whose either end is a knot, in order.
std::vector<double> candidate_starts(const PowerCurve& curve, double start_s, double end_s,
                                     double bandwidth_s) {
  const double last_s = end_s - bandwidth_s;
  std::vector<double> starts = {start_s, last_s};
  for (const auto& knot : curve.knots()) {
    for (const double s : {knot.time_s, knot.time_s - bandwidth_s}) {
      if (s > start_s && s < last_s) starts.push_back(s);
    }
  }
  std::sort(starts.begin(), starts.end());
  return starts;
}

}  // namespace

std::optional<double> peak_power(const PowerTrace& trace, double start_s, double end_s,
                                 double bandwidth_s) {
  if (!(bandwidth_s > 0) || !(end_s - start_s >= bandwidth_s)) return std::nullopt;
  const Stretch stretch = find_stretch(trace, start_s, end_s);
  if (stretch.fault != WindowFault::kNone) return std::nullopt;
  const bool counter = trace.info.kind == SensorKind::kCounter;
  const WindowFault fault = counter ? counter_fault(trace, stretch) : gauge_fault(trace, stretch);
  if (fault != WindowFault::kNone || !quick_enough(trace, stretch, bandwidth_s)) {
    return std::nullopt;
  }
  const auto updates = find_updates(trace, stretch);
  const PowerCurve curve = counter ? counter_curve(trace, updates) : gauge_curve(trace, updates);
  if (curve.knots().empty()) return std::nullopt;

  const auto energy_j = [&](double s) {
    return curve.energy_j(s + bandwidth_s) - curve.energy_j(s);
  };
  // Its derivative: linear between candidates, so that a maximum inside is where it crosses 0.
  const auto slope_w = [&](double s) { return curve.power_w(s + bandwidth_s) - curve.power_w(s); };
  const auto starts = candidate_starts(curve, start_s, end_s, bandwidth_s);
  double most_j = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    most_j = std::max(most_j, energy_j(starts[i]));
    if (counter || i + 1 == starts.size()) continue;
    const double rising_w = slope_w(starts[i]), falling_w = slope_w(starts[i + 1]);
    if (rising_w <= 0 || falling_w >= 0) continue;
    const double share = rising_w / (rising_w - falling_w);
    most_j = std::max(most_j, energy_j(starts[i] + share * (starts[i + 1] - starts[i])));
  }
  return most_j / bandwidth_s;
}

}  // namespace edgetran::profile
