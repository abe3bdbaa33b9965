#pragma once

#include <memory>
#include <vector>

#include "profile/power_recorder.h"
#include "profile/runtimes/simulated/machine.h"

namespace edgetran::profile::simulated {

/// What the sensor of a simulated board would have said: computed from the board's course of power
/// when asked, at the deadlines at which a Sampler would have read it. No thread, no waiting, and
/// nothing that depends on either.
class SimulatedRecorder final : public PowerRecorder {
 public:
  /// The machine's law has power.
  explicit SimulatedRecorder(std::shared_ptr<Machine> machine);

  const SensorInfo& info() const override { return info_; }
  base::Result<Calibration> calibrate() override;
  base::Status start(double update_s) override;
  void mark_edge(WindowEdge edge) override;
  void drain(PowerTrace& trace) override;
  void pause(bool paused) override;
  void stop() override;
  int64_t overruns() const override { return overruns_; }

 private:
  void catch_up();
  void skip();
  void push(double time_s);
  double update_before(double time_s) const;
  Reading reading_at(double time_s) const;
  uint64_t ticks_at(double time_s) const;

  std::shared_ptr<Machine> machine_;
  SimulatedSensor sensor_;
  SensorInfo info_;
  double phase_s_ = 0;        ///< of the first update
  uint64_t first_ticks_ = 0;  ///< a counter does not begin at 0
  size_t reader_ = 0;
  bool running_ = false, paused_ = false, window_open_ = false;
  double update_s_ = 0, interval_s_ = 0, begun_s_ = 0;
  uint64_t next_deadline_ = 0;  ///< number of the next one
  std::vector<PowerSample> waiting_;
  int64_t overruns_ = 0;
};

}  // namespace edgetran::profile::simulated
