#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "profile/sensor.h"
#include "profile/sensors/synthetic.h"

namespace edgetran::profile {

/// One reading of a sensor on a clock, as a sampler takes it.
inline PowerSample take_sample(Sensor& sensor, const base::Clock& clock) {
  PowerSample sample;
  sample.before_s = clock.now_s();
  const auto reading = sensor.read();
  sample.after_s = clock.now_s();
  sample.valid = reading.has_value();
  if (reading) sample.value = *reading;
  return sample;
}

/// A trace of a synthetic sensor on a clock of its own that starts at 0.
class TraceMaker {
 public:
  explicit TraceMaker(const sensors::SyntheticSettings& settings) : sensor_(settings, clock_) {
    trace_.info = sensor_.info();
    trace_.update_s = settings.update_s;
  }

  /// Readings every `period_s` from `from_s` on, none later than `to_s`.
  TraceMaker& sample(double from_s, double to_s, double period_s) {
    const auto count = static_cast<int64_t>((to_s - from_s) / period_s * (1 + 1e-12));
    for (int64_t i = 0; i <= count; ++i) at(from_s + static_cast<double>(i) * period_s);
    return *this;
  }
  /// One reading that begins at `time_s`, or now where that is past.
  TraceMaker& at(double time_s) {
    clock_.sleep_until(time_s);
    trace_.samples.push_back(take_sample(sensor_, clock_));
    return *this;
  }

  double now_s() const { return clock_.now_s(); }
  PowerTrace& trace() { return trace_; }
  double energy_j(double start_s, double end_s) const { return sensor_.energy_j(start_s, end_s); }

 private:
  base::ManualClock clock_;
  sensors::SyntheticSensor sensor_;
  PowerTrace trace_;
};

}  // namespace edgetran::profile
