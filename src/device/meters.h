#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "device/card_meter.h"
#include "device/clock_offset.h"
#include "profile/sensor.h"

namespace edgetran::device {

/// What the meters of a card said, on the clock of the board's agent.
struct MeterTraces {
  std::vector<profile::PowerTrace> traces;
  double clock_uncertainty_s = 0;  ///< of placing this machine's time on the board's
};

/// The meters of a card. Sensors are read all the time by agents of this machine, each a child
/// process that ends with this object; logs are read when a measurement is over.
class Meters {
 public:
  /// Starts to read; returns when every sensor has been calibrated and read. kDevice with the
  /// sensor's own words where one cannot be read; kNotFound, kPermission for a log's file;
  /// kInterrupted.
  static base::Result<std::unique_ptr<Meters>> start(const std::vector<Meter>& meters,
                                                     const std::filesystem::path& agent,
                                                     const base::CancelToken& cancel);
  ~Meters();
  Meters(const Meters&) = delete;
  Meters& operator=(const Meters&) = delete;

  /// Time between new values of the slowest; 0: not known, for they have not changed so far.
  double slowest_update_s() const;

  /// Whether every sensor is still being read.
  bool alive();

  /// A measurement begins: what was read long before it is forgotten.
  base::Status begin();

  /// All that was read since. `clocks`: the board's clock as it was seen before and after each part
  /// of the measurement, in order of time; empty: it is this machine's. A log is waited for until
  /// it holds this moment, a few of its updates at most. kDevice: a sensor that went away, or a
  /// board whose clock jumped; kUsage with file and line: a log that cannot be read.
  base::Result<MeterTraces> read(const std::vector<ClockReading>& clocks,
                                 const base::CancelToken& cancel);

 private:
  class SensorReader;
  Meters();

  std::vector<Meter> logs_;
  std::vector<std::unique_ptr<SensorReader>> readers_;
};

/// Where the board's clock was at a moment of ours: between two readings on the line through them,
/// else at the nearer one. At least one reading.
double board_offset_s(const std::vector<ClockReading>& clocks, double at_s);

}  // namespace edgetran::device
