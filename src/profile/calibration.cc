#include "profile/calibration.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "profile/energy.h"
#include "profile/statistics.h"

namespace edgetran::profile {

namespace {

/// Ten readings in the quickest known update period, RAPL's millisecond.
constexpr double kReadEvery_s = 100e-6;
/// Fewer changes than that may be chance.
constexpr int64_t kFewestChanges = 4;
/// Intervals in which an update was missed are whole multiples of the others; those below one and a
/// half times a short one are single. A tenth of them may be shorter than they should by jitter.
constexpr double kShortShare = 0.1;
constexpr double kSingle = 1.5;
/// A counter and a gauge on one rail agree so closely (profiling.md, section 3).
constexpr double kAgreement = 0.1;

/// Middles of the times between which the value changed.
std::vector<double> change_times(const PowerTrace& trace) {
  std::vector<double> times;
  const auto& samples = trace.samples;
  for (size_t i = 1; i < samples.size(); ++i) {
    const Reading &before = samples[i - 1].value, &after = samples[i].value;
    if (before.ticks == after.ticks && before.watts == after.watts) continue;
    times.push_back((samples[i - 1].time_s() + samples[i].time_s()) / 2);
  }
  return times;
}

/// The period of which the intervals are multiples: counted by the single intervals' median, then
/// over the whole time, in which the readings' own spacing averages out.
double period_s(const std::vector<double>& changes) {
  std::vector<double> intervals;
  for (size_t i = 1; i < changes.size(); ++i) intervals.push_back(changes[i] - changes[i - 1]);
  const double short_s = quantile(intervals, kShortShare);
  std::vector<double> singles;
  for (const double s : intervals) {
    if (s <= kSingle * short_s) singles.push_back(s);
  }
  const double single_s = median(singles);
  if (single_s <= 0) return 0;
  double periods = 0;
  for (const double s : intervals) periods += std::max(1.0, std::round(s / single_s));
  return (changes.back() - changes.front()) / periods;
}

void find_resolution(const PowerTrace& trace, Calibration& calibration) {
  double step_w = INFINITY;
  uint64_t step_ticks = UINT64_MAX;
  for (size_t i = 1; i < trace.samples.size(); ++i) {
    const Reading &before = trace.samples[i - 1].value, &after = trace.samples[i].value;
    if (before.watts != after.watts)
      step_w = std::min(step_w, std::abs(after.watts - before.watts));
    if (before.ticks < after.ticks) step_ticks = std::min(step_ticks, after.ticks - before.ticks);
  }
  if (trace.info.kind == SensorKind::kGauge && std::isfinite(step_w)) {
    calibration.resolution_w = step_w;
  }
  if (trace.info.kind == SensorKind::kCounter && step_ticks != UINT64_MAX) {
    calibration.resolution_ticks = step_ticks;
  }
}

}  // namespace

base::Result<PowerTrace> read_quickly(Sensor& sensor, base::Clock& clock, double duration_s) {
  PowerTrace trace;
  trace.info = sensor.info();
  const double begun_s = clock.now_s();
  // A long stretch is read less often rather than ended early.
  const double every_s =
      std::max(kReadEvery_s, duration_s / static_cast<double>(kCalibrationReadings - 1));
  trace.samples.reserve(static_cast<size_t>(duration_s / every_s) + 2);
  while (clock.now_s() - begun_s <= duration_s &&
         static_cast<int64_t>(trace.samples.size()) < kCalibrationReadings) {
    PowerSample sample;
    sample.before_s = clock.now_s();
    EDGETRAN_ASSIGN(sample.value, sensor.read());
    sample.after_s = clock.now_s();
    trace.samples.push_back(sample);
    clock.sleep_until(sample.before_s + every_s);
  }
  return trace;
}

Calibration calibrate(const PowerTrace& trace) {
  Calibration calibration;
  calibration.readings = static_cast<int64_t>(trace.samples.size());
  if (trace.samples.empty()) return calibration;
  std::vector<double> costs;
  costs.reserve(trace.samples.size());
  for (const PowerSample& sample : trace.samples) costs.push_back(sample.after_s - sample.before_s);
  calibration.read_s = median(costs);
  const auto changes = change_times(trace);
  calibration.changes = static_cast<int64_t>(changes.size());
  if (calibration.changes >= kFewestChanges) calibration.update_s = period_s(changes);
  find_resolution(trace, calibration);
  return calibration;
}

std::optional<Agreement> compare_rail(const PowerTrace& counter, const PowerTrace& gauge,
                                      double start_s, double end_s) {
  const WindowEnergy counted = window_energy(counter, start_s, end_s);
  const WindowEnergy gauged = window_energy(gauge, start_s, end_s);
  if (counted.fault != WindowFault::kNone || gauged.fault != WindowFault::kNone) {
    return std::nullopt;
  }
  Agreement agreement{.counter_w = counted.mean_w, .gauge_w = gauged.mean_w};
  const double larger_w = std::max(counted.mean_w, gauged.mean_w);
  agreement.agree = std::abs(counted.mean_w - gauged.mean_w) <= kAgreement * larger_w;
  return agreement;
}

}  // namespace edgetran::profile
