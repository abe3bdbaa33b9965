#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "profile/power_plan.h"
#include "profile/power_recorder.h"

namespace edgetran::profile::testing {

/// A counter of microjoules over a known law of power on a clock that is moved by hand: at drain()
/// it says what a sensor that is renewed every `update_s` would have said since the last one.
class LawRecorder final : public PowerRecorder {
 public:
  /// `energy_j(t)` since time 0, rising.
  using Law = std::function<double(double)>;
  LawRecorder(base::Clock& clock, Law energy_j, double update_s = 0.001)
      : clock_(clock), energy_j_(std::move(energy_j)), update_s_(update_s) {
    info_.driver = "law";
    info_.channel = info_.domain = "package-0";
    info_.kind = SensorKind::kCounter;
    info_.boundary = Boundary::kPackage;
    info_.joules_per_tick = 1e-6;
  }

  const SensorInfo& info() const override { return info_; }
  base::Result<Calibration> calibrate() override {
    return Calibration{.update_s = update_s_, .readings = 1000, .changes = 1000};
  }
  base::Status start(double /*update_s*/) override {
    next_s_ = clock_.now_s();
    return {};
  }
  void mark_edge(WindowEdge /*edge*/) override { take(clock_.now_s()); }
  void drain(PowerTrace& trace) override {
    take(clock_.now_s());
    trace.samples.insert(trace.samples.end(), samples_.begin(), samples_.end());
    samples_.clear();
  }
  void pause(bool paused) override { pauses += paused ? 1 : 0; }
  void stop() override { ++stops; }
  int64_t overruns() const override { return 0; }

  SensorInfo& settable() { return info_; }
  /// Readings in this span of the clock fail.
  double fail_from_s = INFINITY, fail_to_s = INFINITY;
  int pauses = 0, stops = 0;

 private:
  void take(double now_s) {
    for (; next_s_ < now_s; next_s_ += kPeriod_s) push(next_s_);
    push(now_s);
  }
  void push(double time_s) {
    if (!samples_.empty() && samples_.back().after_s >= time_s) return;
    PowerSample sample;
    sample.before_s = sample.after_s = time_s;
    sample.value.ticks = static_cast<uint64_t>(
        energy_j_(std::floor(time_s / update_s_ + 1e-9) * update_s_) / info_.joules_per_tick);
    sample.valid = time_s < fail_from_s || time_s > fail_to_s;
    samples_.push_back(sample);
  }

  static constexpr double kPeriod_s = 0.01;
  base::Clock& clock_;
  Law energy_j_;
  double update_s_;
  SensorInfo info_;
  std::vector<PowerSample> samples_;
  double next_s_ = 0;
};

/// A plan that reads one recorder, which is its only total.
inline PowerPlan plan_of(std::unique_ptr<PowerRecorder> recorder) {
  PowerPlan plan;
  plan.totals.push_back({recorder->info().boundary, {0}});
  plan.recorders.push_back(std::move(recorder));
  return plan;
}

}  // namespace edgetran::profile::testing
