#include <algorithm>
#include <cmath>
#include <span>

#include "profile/window_parts.h"

namespace edgetran::profile {

namespace {

/// A gauge is silent for at most so many periods (profiling.md, section 4).
constexpr double kLongestGapPeriods = 3;

/// A value and the middle of the time that it speaks for.
struct Point {
  double time_s = 0;
  double watts = 0;
  double width_s = 0;  ///< how far its moment is in doubt
};

std::vector<Point> make_points(const PowerTrace& trace, const std::vector<Update>& updates) {
  std::vector<Point> points;
  points.reserve(updates.size());
  for (const Update& update : updates) {
    points.push_back({update.time_s() - trace.info.averaging_s / 2,
                      std::max(0.0, update.value.watts), update.width_s()});
  }
  return points;
}

/// Largest less smallest value of the points beside and within `reach_s` of `edge_s`.
double local_range_w(std::span<const Point> points, double edge_s, double reach_s) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool near = std::abs(points[i].time_s - edge_s) <= reach_s;
    const bool beside_left =
        points[i].time_s <= edge_s && (i + 1 == points.size() || points[i + 1].time_s > edge_s);
    const bool beside_right =
        points[i].time_s > edge_s && (i == 0 || points[i - 1].time_s <= edge_s);
    if (!near && !beside_left && !beside_right) continue;
    low = std::min(low, points[i].watts);
    high = std::max(high, points[i].watts);
  }
  return high > low ? high - low : 0;
}

/// Time between the two points beside `edge_s`.
double local_spacing_s(std::span<const Point> points, double edge_s) {
  for (size_t i = 1; i < points.size(); ++i) {
    if (points[i].time_s > edge_s || i + 1 == points.size()) {
      return points[i].time_s - points[i - 1].time_s;
    }
  }
  return 0;
}

/// A change between neighbouring values is a large step where it spans half of the window's range.
constexpr double kLargeStep = 0.5;

/// Sum over the steps of one direction of the variance of their moments' errors, in watts squared
/// where one step's is its square. A load that repeats in step with the updates shifts each of its
/// steps by the same unknown part of a period, and then their errors add up. It shows in steps that
/// follow each other at equal distances: such a group counts as one step, unless distances before
/// and after it differ, since then its steps have swept over the whole period and their errors
/// cancel.
double steps_variance_w2(std::span<const Point> points, double least_w, double direction) {
  struct Group {
    double sum_w = 0, sum_w2 = 0;
  };
  std::vector<Group> groups;
  size_t last = 0, last_distance = 0;
  for (size_t i = 1; i < points.size(); ++i) {
    const double step_w = direction * (points[i].watts - points[i - 1].watts);
    if (step_w < least_w) continue;
    const size_t distance = last == 0 ? 0 : i - last;
    if (groups.empty() || (last_distance != 0 && distance != last_distance)) groups.emplace_back();
    groups.back().sum_w += step_w;
    groups.back().sum_w2 += step_w * step_w;
    last = i;
    last_distance = distance;
  }
  double variance_w2 = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    const bool at_end = i == 0 || i + 1 == groups.size();
    variance_w2 += at_end ? groups[i].sum_w * groups[i].sum_w : groups[i].sum_w2;
  }
  return variance_w2;
}

double small_steps_w2(std::span<const Point> points, double least_w) {
  double sum_w2 = 0;
  for (size_t i = 1; i < points.size(); ++i) {
    const double step_w = std::abs(points[i].watts - points[i - 1].watts);
    if (step_w < least_w) sum_w2 += step_w * step_w;
  }
  return sum_w2;
}

/// What may have happened between the updates: each step lies anywhere in the time for which no
/// value speaks.
double between_variance_j2(std::span<const Point> inside, double averaging_s) {
  if (inside.size() < 2) return 0;
  const double spacing_s =
      (inside.back().time_s - inside.front().time_s) / static_cast<double>(inside.size() - 1);
  const double unseen_s = std::max(0.0, spacing_s - averaging_s);
  const auto [low, high] =
      std::minmax_element(inside.begin(), inside.end(),
                          [](const Point& a, const Point& b) { return a.watts < b.watts; });
  const double least_w = kLargeStep * (high->watts - low->watts);
  if (unseen_s == 0 || least_w == 0) return 0;
  const double steps_w2 = steps_variance_w2(inside, least_w, 1) +
                          steps_variance_w2(inside, least_w, -1) + small_steps_w2(inside, least_w);
  return steps_w2 * unseen_s * unseen_s / 12;
}

/// Values are placed a sampling period apart, but lie whole update periods apart. Either each is
/// off by a part of a period of its own, and moves the step to the one before it; or few are, where
/// the two periods are nearly the same, and each that is left out or seen twice is a period of its
/// power too little or too much: being few, they may fall on the largest. The smaller of the two
/// holds.
double placing_variance_j2(std::span<const Point> inside, double update_s, double mean_w) {
  double steps_w2 = 0, slips = 0, largest_w2 = 0;
  for (size_t i = 1; i < inside.size(); ++i) {
    const double step_w = inside[i].watts - inside[i - 1].watts;
    const double periods = (inside[i].time_s - inside[i - 1].time_s) / update_s;
    const double part = periods - std::floor(periods);
    steps_w2 += step_w * step_w / 12;
    slips += part * (1 - part);
    largest_w2 = std::max(largest_w2, std::pow(inside[i].watts - mean_w, 2));
  }
  return std::min(steps_w2, slips * largest_w2) * update_s * update_s;
}

/// The variance of values that vary by themselves, each apart from its neighbours: the sensor's
/// noise, or a load that changes faster than it is looked at. Then neighbouring steps turn back,
/// and their product is minus that variance in the mean. The median of products (minus 0.33 of it
/// for normal noise, minus 0.37 for uniform) is not moved by bursts and edges, which are rarer and
/// accounted as steps.
double noise_w2(std::span<const Point> points) {
  constexpr double kMedianOverVariance = 0.33;
  if (points.size() < 4) return 0;
  std::vector<double> products(points.size() - 2);
  for (size_t i = 0; i < products.size(); ++i) {
    products[i] =
        (points[i + 1].watts - points[i].watts) * (points[i + 2].watts - points[i + 1].watts);
  }
  const auto middle = products.begin() + static_cast<std::ptrdiff_t>(products.size() / 2);
  std::nth_element(products.begin(), middle, products.end());
  return std::max(0.0, -*middle / kMedianOverVariance);
}

/// Of the sum of values with such noise, each for the time between two.
double noise_variance_j2(std::span<const Point> inside) {
  if (inside.size() < 2) return 0;
  const auto spaces = static_cast<double>(inside.size() - 1);
  const double span_s = inside.back().time_s - inside.front().time_s;
  return noise_w2(inside) * span_s * span_s / spaces;
}

double edge_variance_j2(std::span<const Point> points, const PowerTrace& trace, double edge_s) {
  const double scale_s = std::max(local_spacing_s(points, edge_s), trace.info.averaging_s);
  const double range_w = local_range_w(points, edge_s, scale_s);
  return range_w * range_w * scale_s * scale_s / 12;
}

/// The doubt about the edges' places among the updates. One and the same for both, it moves the
/// window: power enters at one edge and leaves at the other. Another at each, power other than the
/// mean enters or leaves there. The larger of the two.
double shift_variance_j2(const PowerCurve& curve, double start_s, double end_s, double width_s,
                         double mean_w) {
  const double start_w = curve.power_w(start_s), end_w = curve.power_w(end_s);
  const double same_w2 = std::pow(end_w - start_w, 2);
  const double apart_w2 = std::pow(start_w - mean_w, 2) + std::pow(end_w - mean_w, 2);
  return std::max(same_w2, apart_w2) * width_s * width_s / 12;
}

/// The points of the window and those beside its edges.
std::span<const Point> points_inside(std::span<const Point> points, double start_s, double end_s) {
  size_t first = 0, last = points.size() - 1;
  while (first + 1 < points.size() && points[first + 1].time_s <= start_s) ++first;
  while (last > first && points[last - 1].time_s >= end_s) --last;
  return points.subspan(first, last - first + 1);
}

double mean_width_s(std::span<const Point> points) {
  double sum_s = 0;
  for (const Point& point : points) sum_s += point.width_s;
  return sum_s / static_cast<double>(points.size());
}

/// Rounding of values that do not change is the same for all of them; after a change it is another.
double rounding_variance_j2(std::span<const Point> points, double resolution_w, double window_s) {
  double values = 1;
  for (size_t i = 1; i < points.size(); ++i) {
    values += points[i].watts != points[i - 1].watts ? 1 : 0;
  }
  return resolution_w * resolution_w * window_s * window_s / 12 / values;
}

int64_t updates_inside(const PowerTrace& trace, const Stretch& stretch,
                       std::span<const Point> points, double start_s, double end_s) {
  int64_t changes = 0, readings = 0;
  for (size_t i = 1; i < points.size(); ++i) {
    const bool inside = points[i].time_s >= start_s && points[i].time_s <= end_s;
    changes += inside && points[i].watts != points[i - 1].watts ? 1 : 0;
  }
  if (trace.update_s <= 0) return changes;
  for (size_t i = stretch.first; i <= stretch.last; ++i) {
    const double time_s = trace.samples[i].time_s();
    readings += time_s >= start_s && time_s <= end_s ? 1 : 0;
  }
  const auto periods = static_cast<int64_t>((end_s - start_s) / trace.update_s);
  return std::max(changes, std::min(readings, periods));
}

}  // namespace

WindowFault gauge_fault(const PowerTrace& trace, const Stretch& stretch) {
  const auto& samples = trace.samples;
  const double period_s = std::max(sampling_period_s(samples), stretch.update_s);
  const double largest_w = largest_power_w(trace.info);
  for (size_t i = stretch.first; i <= stretch.last; ++i) {
    const double watts = samples[i].value.watts;
    // A step below 0 is the noise of a rail that is off; more is a current the wrong way.
    if (watts < -trace.info.resolution_w || watts > largest_w) return WindowFault::kImpossible;
    const double silent_s = i == stretch.first ? 0 : samples[i].after_s - samples[i - 1].before_s;
    if (silent_s > kLongestGapPeriods * period_s) return WindowFault::kGap;
  }
  return WindowFault::kNone;
}

PowerCurve gauge_curve(const PowerTrace& trace, const std::vector<Update>& updates) {
  const auto points = make_points(trace, updates);
  std::vector<PowerCurve::Knot> knots;
  knots.reserve(points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    const Point& next = points[std::min(i + 1, points.size() - 1)];
    knots.push_back({points[i].time_s, points[i].watts, next.watts});
  }
  return PowerCurve(std::move(knots));
}

WindowEnergy gauge_energy(const PowerTrace& trace, const Stretch& stretch, double start_s,
                          double end_s) {
  const auto updates = find_updates(trace, stretch);
  const auto points = make_points(trace, updates);
  const PowerCurve curve = gauge_curve(trace, updates);
  WindowEnergy window;
  window.energy_j = std::max(0.0, curve.energy_j(end_s) - curve.energy_j(start_s));
  window.updates = updates_inside(trace, stretch, points, start_s, end_s);
  if (!stretch.bounded) {
    // Nothing tells how long the value lags behind the power, or whether it follows it at all.
    window.edge_j = window.energy_j;
    return window;
  }
  const auto inside = points_inside(points, start_s, end_s);
  const double mean_w = window.energy_j / (end_s - start_s);
  const double width_s = mean_width_s(inside);
  const double variance_j2 = between_variance_j2(inside, trace.info.averaging_s) +
                             placing_variance_j2(inside, stretch.update_s, mean_w) +
                             noise_variance_j2(inside) + edge_variance_j2(points, trace, start_s) +
                             edge_variance_j2(points, trace, end_s) +
                             shift_variance_j2(curve, start_s, end_s, width_s, mean_w) +
                             rounding_variance_j2(inside, trace.info.resolution_w, end_s - start_s);
  window.edge_j = kEdgeHalfWidth95 * std::sqrt(variance_j2) + kTimeRounding * window.energy_j;
  return window;
}

}  // namespace edgetran::profile
