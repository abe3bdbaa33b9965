#include "profile/power_recorder.h"

namespace edgetran::profile {

namespace {

class SensorRecorder final : public PowerRecorder {
 public:
  SensorRecorder(Sensor& sensor, base::Clock& clock, std::optional<Calibration> known)
      : sensor_(sensor), clock_(clock), known_(known) {}

  const SensorInfo& info() const override { return sensor_.info(); }

  base::Result<Calibration> calibrate() override {
    if (!known_) {
      EDGETRAN_ASSIGN(known_, calibrate_sensor(sensor_, clock_));
    }
    return *known_;
  }

  base::Status start(double update_s) override {
    EDGETRAN_CHECK(!sampler_, "a recorder is started once");
    sampler_ = std::make_unique<Sampler>(sensor_, clock_, update_s);
    return sampler_->start();
  }

  void mark_edge(WindowEdge edge) override { sampler_->mark_edge(edge); }
  void drain(PowerTrace& trace) override { sampler_->drain(trace); }
  void pause(bool paused) override { sampler_->pause(paused); }
  void stop() override {
    if (sampler_) sampler_->stop();
  }
  int64_t overruns() const override { return sampler_ ? sampler_->overruns() : 0; }

 private:
  Sensor& sensor_;
  base::Clock& clock_;
  std::optional<Calibration> known_;
  std::unique_ptr<Sampler> sampler_;
};

}  // namespace

std::unique_ptr<PowerRecorder> recorder_of(Sensor& sensor, base::Clock& clock,
                                           std::optional<Calibration> known) {
  return std::make_unique<SensorRecorder>(sensor, clock, known);
}

}  // namespace edgetran::profile
