#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// What a stretch of quick readings says about a sensor (profiling.md, section 3).
struct Calibration {
  /// Time between updates of the value; 0: it changed too seldom to tell. Where every reading
  /// differed, the time between readings: the sensor is at least as quick.
  double update_s = 0;
  double read_s = 0;              ///< median time that a reading takes
  double resolution_w = 0;        ///< gauges: the smallest step seen; 0: not known
  uint64_t resolution_ticks = 0;  ///< counters: likewise
  int64_t readings = 0;
  int64_t changes = 0;
};

inline constexpr double kCalibration_s = 3;
inline constexpr double kLongCalibration_s = 30;

/// Reads the sensor as quickly as is useful for `duration_s` on the clock, and returns what it
/// said; at most kCalibrationReadings. Fails with the sensor's error at its first failed reading.
base::Result<PowerTrace> read_quickly(Sensor& sensor, base::Clock& clock,
                                      double duration_s = kCalibration_s);
inline constexpr int64_t kCalibrationReadings = 100'000;

/// Pure; a trace without failed readings, in order of time. A value that is no number is no change.
Calibration calibrate(const PowerTrace& trace);

/// Reads the sensor for kCalibration_s and says what that shows. One that changed in it, but too
/// seldom to tell its period, and one that says to be slow (a battery's, a mean over more than a
/// second) is read on until it has changed often enough, up to kLongCalibration_s: a sensor that
/// does not change costs no more than the 3 s. Fails as read_quickly().
base::Result<Calibration> calibrate_sensor(Sensor& sensor, base::Clock& clock);

/// Mean powers of a counter and a gauge on one rail over the same window.
struct Agreement {
  double counter_w = 0;
  double gauge_w = 0;
  bool agree = false;  ///< within 10 % of the larger
};
/// nullopt where either window has a fault.
std::optional<Agreement> compare_rail(const PowerTrace& counter, const PowerTrace& gauge,
                                      double start_s, double end_s);

}  // namespace edgetran::profile
