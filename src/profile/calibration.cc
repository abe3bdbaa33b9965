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
/// A period longer than what 3 s can show is told by readings that are less dense.
constexpr double kReadSlowlyEvery_s = 0.01;
/// In a long stretch the few changes of a value that hardly moves look like a long period. Those of
/// a slow sensor are so close to multiples of one, with the jitter of its own clock.
constexpr double kRegular = 0.15;
/// A counter and a gauge on one rail agree so closely (profiling.md, section 3).
constexpr double kAgreement = 0.1;

bool changed(const Reading& before, const Reading& after) {
  return before.ticks != after.ticks || before.watts != after.watts;
}

/// Middles of the times between which the value changed.
std::vector<double> change_times(const PowerTrace& trace) {
  std::vector<double> times;
  const PowerSample* last = nullptr;
  for (const PowerSample& sample : trace.samples) {
    if (!std::isfinite(sample.value.watts)) continue;
    if (last != nullptr && changed(last->value, sample.value)) {
      times.push_back((last->time_s() + sample.time_s()) / 2);
    }
    last = &sample;
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
    const double step = std::abs(after.watts - before.watts);
    if (std::isfinite(step) && step > 0) step_w = std::min(step_w, step);
    if (before.ticks < after.ticks) step_ticks = std::min(step_ticks, after.ticks - before.ticks);
  }
  if (trace.info.kind == SensorKind::kGauge && std::isfinite(step_w)) {
    calibration.resolution_w = step_w;
  }
  if (trace.info.kind == SensorKind::kCounter && step_ticks != UINT64_MAX) {
    calibration.resolution_ticks = step_ticks;
  }
}

base::Status read_one(Sensor& sensor, base::Clock& clock, double every_s, PowerTrace& trace) {
  PowerSample sample;
  sample.before_s = clock.now_s();
  EDGETRAN_ASSIGN(sample.value, sensor.read());
  sample.after_s = clock.now_s();
  trace.samples.push_back(sample);
  clock.sleep_until(sample.before_s + every_s);
  return {};
}

/// Whether a sensor of which 3 s told no period is worth a longer look.
bool is_slow(const SensorInfo& info, const Calibration& calibration) {
  const bool says_so =
      info.driver == "battery" || info.averaging_s * kFewestChanges > kCalibration_s;
  return calibration.changes > 0 || says_so;
}

bool are_regular(const std::vector<double>& changes, double period_s) {
  for (size_t i = 1; i < changes.size(); ++i) {
    const double periods = (changes[i] - changes[i - 1]) / period_s;
    if (std::abs(periods - std::max(1.0, std::round(periods))) > kRegular) return false;
  }
  return true;
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
    EDGETRAN_TRY(read_one(sensor, clock, every_s, trace));
  }
  return trace;
}

base::Result<Calibration> calibrate_sensor(Sensor& sensor, base::Clock& clock) {
  const double begun_s = clock.now_s();
  EDGETRAN_ASSIGN(PowerTrace trace, read_quickly(sensor, clock));
  Calibration calibration = calibrate(trace);
  if (calibration.update_s > 0 || !is_slow(trace.info, calibration)) return calibration;
  Reading last = trace.samples.back().value;
  while (calibration.changes < kFewestChanges && clock.now_s() - begun_s < kLongCalibration_s) {
    EDGETRAN_TRY(read_one(sensor, clock, kReadSlowlyEvery_s, trace));
    const Reading& now = trace.samples.back().value;
    if (!std::isfinite(now.watts)) continue;
    if (std::isfinite(last.watts) && changed(last, now)) ++calibration.changes;
    last = now;
  }
  calibration = calibrate(trace);
  if (calibration.update_s > 0 && !are_regular(change_times(trace), calibration.update_s)) {
    calibration.update_s = 0;
  }
  return calibration;
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
