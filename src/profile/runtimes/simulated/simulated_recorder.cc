#include "profile/runtimes/simulated/simulated_recorder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/random.h"

namespace edgetran::profile::simulated {

namespace {

/// As many readings wait as in a Sampler, and a counter is awaited at edges like there.
constexpr size_t kCapacity = 65'536;
constexpr double kLongestAwaited_s = 0.02;
/// What one reading of a real counter takes, about: so closely the moment of an update is known.
constexpr double kReading_s = 50e-6;
/// A moment this close below an update, in periods, is the update: rounding.
constexpr double kRounding = 1e-9;
/// Whole ticks are exact below this.
constexpr double kExactTicks = 9007199254740992.0;
/// Readings of a second at the quickest update: what a calibration would have taken.
constexpr double kCalibrationReadings_s = 100e-6;

SensorInfo info_of(const SimulatedSensor& sensor) {
  SensorInfo info;
  info.driver = "simulated";
  info.channel = "power";
  info.domain = "board";
  info.source = "law";
  info.kind = sensor.kind;
  info.boundary = sensor.boundary;
  if (sensor.kind == SensorKind::kCounter) {
    info.joules_per_tick = sensor.resolution;
    info.range_ticks = static_cast<uint64_t>(sensor.range_ticks);
  } else {
    info.resolution_w = sensor.resolution;
    info.averaging_s = sensor.averaging_s;
  }
  return info;
}

}  // namespace

SimulatedRecorder::SimulatedRecorder(std::shared_ptr<Machine> machine)
    : machine_(std::move(machine)),
      sensor_(machine_->law().sensor),
      info_(info_of(sensor_)),
      reader_(machine_->add_reader()) {
  base::RandomStream stream(machine_->law().seed, "simulated.sensor");
  phase_s_ = sensor_.update_s * stream.uniform();
  // Anywhere in the range, so that wraps happen as they do on machines; a counter of 64 bits starts
  // where machines that run for weeks are.
  first_ticks_ = stream.below(info_.range_ticks == 0 ? uint64_t{1} << 48 : info_.range_ticks);
}

base::Result<Calibration> SimulatedRecorder::calibrate() {
  Calibration calibration;
  calibration.update_s = sensor_.update_s;
  calibration.readings = static_cast<int64_t>(kCalibration_s / kCalibrationReadings_s);
  calibration.changes = static_cast<int64_t>(kCalibration_s / sensor_.update_s);
  if (sensor_.kind == SensorKind::kGauge) {
    calibration.resolution_w = sensor_.resolution;
  } else {
    calibration.resolution_ticks = 1;
  }
  return calibration;
}

base::Status SimulatedRecorder::start(double update_s) {
  EDGETRAN_CHECK(!running_ && interval_s_ == 0, "a recorder is started once");
  running_ = true;
  update_s_ = update_s;
  interval_s_ = sampling_interval_s(info_, update_s);
  begun_s_ = machine_->clock().now_s();
  return {};
}

void SimulatedRecorder::stop() {
  if (running_) catch_up();
  running_ = false;
}

void SimulatedRecorder::pause(bool paused) {
  if (running_) catch_up();
  paused_ = paused;
}

/// Takes the readings whose deadlines have passed.
void SimulatedRecorder::catch_up() {
  machine_->settle();
  const double now_s = machine_->clock().now_s();
  if (!running_ || paused_) {
    skip();
    return;
  }
  const double passed = std::floor((now_s - begun_s_) / interval_s_ * (1 + kRounding));
  const auto last = static_cast<uint64_t>(std::max(0.0, passed));
  // Outside windows only what there is room for is kept: the newest.
  if (!window_open_ && last - next_deadline_ + 1 > kCapacity && last >= next_deadline_) {
    next_deadline_ = last + 1 - kCapacity;
  }
  for (; next_deadline_ <= last; ++next_deadline_) {
    push(std::min(now_s, begun_s_ + static_cast<double>(next_deadline_) * interval_s_));
  }
}

/// Lets the deadlines up to now pass unread.
void SimulatedRecorder::skip() {
  if (interval_s_ <= 0) return;
  const double passed = std::floor((machine_->clock().now_s() - begun_s_) / interval_s_);
  next_deadline_ = std::max(next_deadline_, static_cast<uint64_t>(std::max(0.0, passed)) + 1);
}

void SimulatedRecorder::push(double time_s) {
  PowerSample sample;
  sample.before_s = sample.after_s = time_s;
  if (waiting_.size() > kCapacity) {
    // A hole in a window is a failed reading (Sampler).
    ++overruns_;
    waiting_.back() = sample;
    waiting_.back().valid = false;
    return;
  }
  sample.value = reading_at(time_s);
  waiting_.push_back(sample);
}

void SimulatedRecorder::mark_edge(WindowEdge edge) {
  catch_up();
  if (edge == WindowEdge::kStart) window_open_ = true;
  const double now_s = machine_->clock().now_s();
  push(now_s);
  if (sensor_.kind == SensorKind::kCounter && update_s_ > 0 && update_s_ <= kLongestAwaited_s) {
    const double update_at_s = update_before(now_s) + sensor_.update_s;
    if (update_at_s - kReading_s > now_s) push(update_at_s - kReading_s);
    machine_->clock().sleep_until(update_at_s);
    machine_->settle();
    push(update_at_s);
    skip();
  }
  if (edge == WindowEdge::kEnd) window_open_ = false;
}

void SimulatedRecorder::drain(PowerTrace& trace) {
  catch_up();
  trace.samples.insert(trace.samples.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  machine_->needs_from(
      reader_, machine_->clock().now_s() - interval_s_ - sensor_.update_s - sensor_.averaging_s);
}

double SimulatedRecorder::update_before(double time_s) const {
  const double number = std::floor((time_s - phase_s_) / sensor_.update_s + kRounding);
  return phase_s_ + number * sensor_.update_s;
}

uint64_t SimulatedRecorder::ticks_at(double time_s) const {
  const double counted = std::floor(machine_->timeline().energy_j(time_s) / sensor_.resolution);
  const auto whole = static_cast<int64_t>(std::fmod(counted, kExactTicks));
  if (info_.range_ticks == 0) return first_ticks_ + static_cast<uint64_t>(whole);
  const auto range = static_cast<int64_t>(info_.range_ticks);
  const auto moved = static_cast<uint64_t>(((whole % range) + range) % range);
  return (first_ticks_ + moved) % info_.range_ticks;
}

Reading SimulatedRecorder::reading_at(double time_s) const {
  const double update_s = update_before(time_s);
  Reading reading;
  if (sensor_.kind == SensorKind::kCounter) {
    reading.ticks = ticks_at(update_s);
    return reading;
  }
  const PowerTimeline& timeline = machine_->timeline();
  const double watts = sensor_.averaging_s > 0
                           ? timeline.mean_w(update_s - sensor_.averaging_s, update_s)
                           : timeline.power_w(update_s);
  reading.watts =
      sensor_.resolution > 0 ? std::round(watts / sensor_.resolution) * sensor_.resolution : watts;
  return reading;
}

}  // namespace edgetran::profile::simulated
