#include <algorithm>
#include <cmath>

#include "profile/window_parts.h"

namespace edgetran::profile {

namespace {

/// Ticks counted from one value to a later one, modulo the range: exact where less than one range
/// was counted, which counter_fault has made sure of.
uint64_t ticks_between(uint64_t from, uint64_t to, uint64_t range_ticks) {
  if (range_ticks == 0 || to >= from) return to - from;
  return range_ticks - from + to;
}

double range_j(const SensorInfo& info) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  return info.joules_per_tick *
         (info.range_ticks == 0 ? kTwoTo64 : static_cast<double>(info.range_ticks));
}

/// The counted ticks between two updates, and the power that they mean.
struct CountedSpan {
  double from_s = 0, to_s = 0;
  double from_width_s = 0, to_width_s = 0;
  uint64_t ticks_before = 0;  ///< from the first update to this span
  uint64_t ticks = 0;
  double power_w = 0;

  double span_s() const { return to_s - from_s; }
};

std::vector<CountedSpan> make_spans(const PowerTrace& trace, const std::vector<Update>& updates) {
  std::vector<CountedSpan> spans;
  uint64_t counted = 0;
  for (size_t i = 0; i + 1 < updates.size(); ++i) {
    const Update &from = updates[i], &to = updates[i + 1];
    const uint64_t ticks = ticks_between(from.value.ticks, to.value.ticks, trace.info.range_ticks);
    CountedSpan span{from.time_s(), to.time_s(), from.width_s(), to.width_s(), counted, ticks};
    if (span.span_s() <= 0) {  // two readings at one moment: their ticks belong to the next
      if (!spans.empty()) spans.back().ticks += ticks;
      counted += ticks;
      continue;
    }
    span.power_w = trace.info.joules_per_tick * static_cast<double>(ticks) / span.span_s();
    spans.push_back(span);
    counted += ticks;
  }
  return spans;
}

/// What the counter would have shown at an edge, in whole ticks and a part, and the variance of it.
struct EdgeTicks {
  uint64_t whole = 0;
  double part = 0;
  double variance_j2 = 0;
};

/// The variance of power inside a span of which only the mean is known. A load that spends half
/// its time at twice the mean has the mean squared; with a rating r nothing can exceed
/// mean (r - mean) (Bhatia and Davis, "A better bound on the variance", 2000).
double power_variance(double mean_w, const SensorInfo& info) {
  const double switching = mean_w * mean_w;
  if (!info.rating_w) return switching;
  return std::clamp(mean_w * (*info.rating_w - mean_w), 0.0, switching);
}

EdgeTicks ticks_at(const std::vector<CountedSpan>& spans, double edge_s, const SensorInfo& info) {
  const auto after =
      std::upper_bound(spans.begin(), spans.end(), edge_s,
                       [](double s, const CountedSpan& span) { return s < span.from_s; });
  const CountedSpan& span = after == spans.begin() ? spans.front() : *(after - 1);
  const double span_s = span.span_s(), into_s = edge_s - span.from_s;
  const double share = into_s / span_s;
  // The moments of both updates are uniform over their widths. Power around the edge is not the
  // span's mean: over the doubtful time, and over the time to the nearer update, it varies.
  const double moment_s2 =
      (std::pow((1 - share) * span.from_width_s, 2) + std::pow(share * span.to_width_s, 2)) / 12;
  const double bridge_s = std::abs(into_s * (span_s - into_s)) / span_s;
  const double swing_w2 = power_variance(span.power_w, info);
  const double tick_j2 = info.joules_per_tick * info.joules_per_tick / 12;
  return {.whole = span.ticks_before,
          .part = share * static_cast<double>(span.ticks),
          .variance_j2 = (span.power_w * span.power_w + swing_w2) * moment_s2 +
                         swing_w2 * bridge_s * bridge_s + tick_j2};
}

int64_t updates_inside(const PowerTrace& trace, const std::vector<Update>& updates, double ticks,
                       double start_s, double end_s) {
  if (trace.update_s > 0) {
    return static_cast<int64_t>(std::min(ticks, (end_s - start_s) / trace.update_s));
  }
  int64_t changes = 0;
  for (size_t i = 1; i < updates.size(); ++i) {
    const bool inside = updates[i].time_s() >= start_s && updates[i].time_s() <= end_s;
    changes += inside && updates[i].value.ticks != updates[i - 1].value.ticks ? 1 : 0;
  }
  return changes;
}

}  // namespace

WindowFault counter_fault(const PowerTrace& trace, const Stretch& stretch) {
  const SensorInfo& info = trace.info;
  const double largest_w = largest_power_w(info);
  if (!(info.joules_per_tick > 0) || !std::isfinite(info.joules_per_tick)) {
    return WindowFault::kImpossible;
  }
  bool moved = false;
  for (size_t i = stretch.first; i <= stretch.last; ++i) {
    const PowerSample& sample = trace.samples[i];
    if (info.range_ticks != 0 && sample.value.ticks >= info.range_ticks) {
      return WindowFault::kImpossible;
    }
    if (i == stretch.first) continue;
    const PowerSample& previous = trace.samples[i - 1];
    // The longest time that can have passed between the updates which the two readings showed.
    const double longest_s = sample.after_s - previous.before_s + stretch.update_s;
    if (largest_w * longest_s >= range_j(info)) return WindowFault::kWrapUnknown;
    const uint64_t ticks =
        ticks_between(previous.value.ticks, sample.value.ticks, info.range_ticks);
    const double most_ticks = largest_w * longest_s / info.joules_per_tick + 1;
    if (static_cast<double>(ticks) > most_ticks) return WindowFault::kImpossible;
    moved = moved || ticks != 0;
  }
  return moved ? WindowFault::kNone : WindowFault::kStuck;
}

PowerCurve counter_curve(const PowerTrace& trace, const std::vector<Update>& updates) {
  std::vector<PowerCurve::Knot> knots;
  for (const CountedSpan& span : make_spans(trace, updates)) {
    knots.push_back({span.from_s, span.power_w, span.power_w});
    knots.push_back({span.to_s, span.power_w, span.power_w});
  }
  return PowerCurve(std::move(knots));
}

WindowEnergy counter_energy(const PowerTrace& trace, const Stretch& stretch, double start_s,
                            double end_s) {
  const SensorInfo& info = trace.info;
  const auto updates = find_updates(trace, stretch);
  const auto spans = make_spans(trace, updates);
  WindowEnergy window;
  if (spans.empty()) {  // every reading at one moment: nothing can be told between them
    window.fault = WindowFault::kNotCovered;
    return window;
  }
  const EdgeTicks start = ticks_at(spans, start_s, info);
  const EdgeTicks end = ticks_at(spans, end_s, info);
  const double ticks = static_cast<double>(end.whole - start.whole) + (end.part - start.part);
  if (!(ticks > 0)) {
    window.fault = WindowFault::kStuck;
    return window;
  }
  window.energy_j = info.joules_per_tick * ticks;
  window.edge_j = kEdgeHalfWidth95 * std::sqrt(start.variance_j2 + end.variance_j2) +
                  kTimeRounding * window.energy_j;
  window.updates = updates_inside(trace, updates, ticks, start_s, end_s);
  return window;
}

}  // namespace edgetran::profile
