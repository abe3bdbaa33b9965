#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "profile/calibration.h"
#include "profile/sampler.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// Takes one sensor's readings through a session. Sensors of a machine are read by a thread
/// (recorder_of); a modelled board computes what they would have said.
class PowerRecorder {
 public:
  virtual ~PowerRecorder() = default;
  virtual const SensorInfo& info() const = 0;
  /// How the sensor behaves; before start(). The sensor's error where it cannot be read.
  virtual base::Result<Calibration> calibrate() = 0;
  /// Begins to read, for a value that is renewed every `update_s` (0: not known). Once.
  virtual base::Status start(double update_s) = 0;
  /// Takes a reading now and returns when it is there (Sampler::mark_edge).
  virtual void mark_edge(WindowEdge edge) = 0;
  /// Moves what was read to the end of `trace`, in order of time.
  virtual void drain(PowerTrace& trace) = 0;
  /// While paused nothing is read but at edges.
  virtual void pause(bool /*paused*/) {}
  virtual void stop() = 0;
  virtual int64_t overruns() const = 0;
};

/// A recorder of a machine's sensor; both must outlive it. With `known`, calibrate() returns that
/// and reads nothing.
std::unique_ptr<PowerRecorder> recorder_of(Sensor& sensor, base::Clock& clock,
                                           std::optional<Calibration> known = {});

}  // namespace edgetran::profile
