#include "profile/updates.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace edgetran::profile {

namespace {

/// A repeated value that comes later than this share of the update period after it was first shown
/// is taken for a new one: with random phases a third of a period before that, either is as likely.
constexpr double kStaleShare = 0.75;
/// Two updates are at least this share of the period apart; the rest is the jitter of a sensor's
/// own clock and of the calibrated period.
constexpr double kLeastSpacing = 0.95;
/// So many samples beyond those beside the edges are looked at, at most: what lies further says
/// nothing about the edges.
constexpr size_t kLongestContext = 64;

bool same_value(const Reading& a, const Reading& b) {
  return a.ticks == b.ticks && a.watts == b.watts;
}

bool usable(const PowerSample& sample) { return sample.valid && std::isfinite(sample.value.watts); }

/// Context tells of the edges only what a source can draw: a wild value outside the window must not
/// reach its sums, and makes a fault of the window in which it lies.
bool tells(const PowerTrace& trace, const PowerSample& sample) {
  return usable(sample) && sample.value.watts <= largest_power_w(trace.info);
}

bool in_order(std::span<const PowerSample> samples) {
  double last_s = -INFINITY;
  for (const PowerSample& sample : samples) {
    if (!std::isfinite(sample.before_s) || !std::isfinite(sample.after_s)) return false;
    if (sample.before_s < last_s || sample.after_s < sample.before_s) return false;
    last_s = sample.after_s;
  }
  return true;
}

/// Two changes that follow each other are two updates, so one period fits between the last reading
/// of the value before and the first of the one after. Nothing without two changes.
std::optional<double> bound_update_s(std::span<const PowerSample> samples) {
  double bound_s = INFINITY;
  std::optional<double> last_change_s;
  for (size_t i = 1; i < samples.size(); ++i) {
    if (!usable(samples[i - 1]) || !usable(samples[i])) {
      last_change_s.reset();
    } else if (!same_value(samples[i - 1].value, samples[i].value)) {
      if (last_change_s) bound_s = std::min(bound_s, samples[i].after_s - *last_change_s);
      last_change_s = samples[i - 1].before_s;
    }
  }
  return std::isfinite(bound_s) ? std::optional(bound_s) : std::nullopt;
}

/// When sample `i`'s value was taken at the earliest.
double earliest_s(std::span<const PowerSample> samples, size_t i, double update_s) {
  const double by_period_s = samples[i].before_s - update_s;
  if (i == 0 || !usable(samples[i - 1]) || same_value(samples[i - 1].value, samples[i].value)) {
    return by_period_s;
  }
  return std::max(by_period_s, samples[i - 1].before_s);
}

/// The first sample whose value was taken at or after `end_s`; the last one where that is only
/// possible; none where the trace ends before.
std::optional<size_t> sample_after(const PowerTrace& trace, double end_s, double update_s) {
  const auto& samples = trace.samples;
  auto at = static_cast<size_t>(
      std::lower_bound(samples.begin(), samples.end(), end_s,
                       [](const PowerSample& sample, double s) { return sample.after_s < s; }) -
      samples.begin());
  if (at == samples.size()) return std::nullopt;
  const double half_average_s = trace.info.averaging_s / 2;
  while (at + 1 < samples.size() && usable(samples[at])) {
    const double middle_s = (earliest_s(samples, at, update_s) + samples[at].after_s) / 2;
    if (middle_s - half_average_s >= end_s) break;
    ++at;
  }
  return at;
}

void add_context(const PowerTrace& trace, Stretch& stretch) {
  const auto& samples = trace.samples;
  const double reach_s = 2 * stretch.update_s + trace.info.averaging_s;
  const double from_s = samples[stretch.first].before_s - reach_s;
  const double to_s = samples[stretch.last].after_s + reach_s;
  stretch.context_first = stretch.first;
  while (stretch.context_first > 0 && tells(trace, samples[stretch.context_first - 1]) &&
         samples[stretch.context_first].before_s > from_s &&
         stretch.first - stretch.context_first < kLongestContext) {
    --stretch.context_first;
  }
  stretch.context_last = stretch.last;
  while (stretch.context_last + 1 < samples.size() &&
         tells(trace, samples[stretch.context_last + 1]) &&
         samples[stretch.context_last].after_s < to_s &&
         stretch.context_last - stretch.last < kLongestContext) {
    ++stretch.context_last;
  }
}

/// Neighbouring updates of different values are a period apart, of equal values in order: each
/// bounds the other.
void bound_by_neighbours(std::vector<Update>& updates, double least_s) {
  const auto spacing_s = [&](size_t i) {
    return same_value(updates[i - 1].value, updates[i].value) ? 0 : least_s;
  };
  for (size_t i = 1; i < updates.size(); ++i) {
    const double earliest_s = updates[i - 1].earliest_s + spacing_s(i);
    updates[i].earliest_s =
        std::max(updates[i].earliest_s, std::min(earliest_s, updates[i].latest_s));
  }
  for (size_t i = updates.size() - 1; i > 0; --i) {
    const double latest_s = updates[i].latest_s - spacing_s(i);
    updates[i - 1].latest_s =
        std::min(updates[i - 1].latest_s, std::max(latest_s, updates[i - 1].earliest_s));
  }
}

}  // namespace

double sampling_period_s(std::span<const PowerSample> samples) {
  if (samples.size() < 2) return 0;
  std::vector<double> spacings(samples.size() - 1);
  for (size_t i = 0; i + 1 < samples.size(); ++i) {
    spacings[i] = samples[i + 1].time_s() - samples[i].time_s();
  }
  const auto middle = spacings.begin() + static_cast<std::ptrdiff_t>(spacings.size() / 2);
  std::nth_element(spacings.begin(), middle, spacings.end());
  return *middle;
}

Stretch find_stretch(const PowerTrace& trace, double start_s, double end_s) {
  Stretch stretch;
  const auto& samples = trace.samples;
  const auto with = [&stretch](WindowFault fault) {
    stretch.fault = fault;
    return stretch;
  };
  const bool times = std::isfinite(start_s) && std::isfinite(end_s) && end_s >= start_s &&
                     std::isfinite(trace.update_s) && std::isfinite(trace.info.averaging_s);
  if (!times || trace.info.averaging_s < 0 || !in_order(samples)) {
    return with(WindowFault::kClock);
  }
  if (start_s == end_s || samples.empty()) return with(WindowFault::kNotCovered);
  const auto bound_s = trace.update_s > 0 ? std::optional(trace.update_s) : bound_update_s(samples);
  stretch.bounded = bound_s.has_value();
  stretch.update_s = bound_s.value_or(sampling_period_s(samples));

  const auto after_start =
      std::upper_bound(samples.begin(), samples.end(), start_s,
                       [](double s, const PowerSample& sample) { return s < sample.after_s; });
  const auto last = sample_after(trace, end_s, stretch.update_s);
  if (after_start == samples.begin() || !last) return with(WindowFault::kNotCovered);
  stretch.first = static_cast<size_t>(after_start - samples.begin()) - 1;
  stretch.last = *last;
  for (size_t i = stretch.first; i <= stretch.last; ++i) {
    if (!usable(samples[i])) return with(WindowFault::kReadError);
  }
  add_context(trace, stretch);
  return stretch;
}

std::vector<Update> find_updates(const PowerTrace& trace, const Stretch& stretch) {
  const std::span<const PowerSample> samples = trace.samples;
  std::vector<Update> updates;
  updates.reserve(stretch.context_last - stretch.context_first + 1);
  for (size_t i = stretch.context_first; i <= stretch.context_last; ++i) {
    const double earliest = earliest_s(samples, i, stretch.update_s);
    if (!updates.empty() && same_value(updates.back().value, samples[i].value)) {
      Update& shown = updates.back();
      const double since_s = samples[i].before_s - samples[shown.first_sample].before_s;
      if (since_s < kStaleShare * stretch.update_s) {
        shown.earliest_s = std::min(std::max(shown.earliest_s, earliest), shown.latest_s);
        continue;
      }
    }
    const double floor_s = updates.empty() ? -INFINITY : updates.back().earliest_s;
    updates.push_back({samples[i].value, std::max(earliest, floor_s), samples[i].after_s, i});
  }
  // An upper bound of the period, from a trace without calibration, says nothing about spacing.
  if (trace.update_s > 0) bound_by_neighbours(updates, kLeastSpacing * trace.update_s);
  return updates;
}

}  // namespace edgetran::profile
