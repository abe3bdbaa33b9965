#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/settings.h"
#include "profile/sensor.h"
#include "profile/sensors/waveform.h"

namespace edgetran::profile::sensors {

/// What a synthetic sensor shows of its waveform, and what goes wrong with it.
struct SyntheticSettings : Waveform {
  std::string kind = "gauge";  ///< "gauge" or "counter"
  double update_s = 0.01;      ///< time between updates of the value; 0: it is always fresh
  double update_phase_s = 0;   ///< by which the first update is late
  double averaging_s = 0;      ///< gauges: a value is the mean over so long before its update
  double resolution = 0;       ///< smallest step: watts, rounded, or joules of a tick, rounded down
  int64_t range_ticks = 0;     ///< counters: 0 is 2^64
  int64_t start_ticks = 0;     ///< counters: the first value, so that a wrap can come at any moment
  double rating_w = 0;         ///< 0: not known
  double gain_error = 0;       ///< as the data sheet would say it; 0: not known
  double read_s = 0;           ///< how long a reading takes; the value is taken somewhere in it

  /// none; gap: the first reading after `fault_at_s` takes `fault_for_s`; error: readings fail for
  /// so long; spike: for so long a gauge reads `fault_size` times the power, or a counter has
  /// counted `fault_size` J too much. Gauges only: nan: values are no numbers for so long; drift:
  /// from then on the gain rises by `fault_size` a second. Counters only: reset: from then on it
  /// counts from 0.
  std::string fault = "none";
  double fault_at_s = 0;
  double fault_for_s = 0;
  double fault_size = 0;
};

/// The keys of a card, their ranges and defaults.
const base::Settings<SyntheticSettings>& synthetic_settings();

/// A sensor whose power is known. Time 0 of its waveform and faults is when it was made; the value
/// depends on the settings and the clock alone.
class SyntheticSensor final : public Sensor {
 public:
  /// The clock must outlive the sensor; a reading that takes time sleeps on it. Settings are within
  /// the declared ranges.
  SyntheticSensor(const SyntheticSettings& settings, base::Clock& clock);

  const SensorInfo& info() const override { return info_; }
  base::Result<Reading> read() override;

  /// The exact energy between two moments of the clock, faults aside.
  double energy_j(double start_s, double end_s) const;

 private:
  bool faulty(const char* fault, double time_s) const;
  Reading value_at(double time_s) const;
  uint64_t ticks_at(double time_s, double updated_s) const;
  double watts_at(double time_s, double updated_s) const;

  SyntheticSettings settings_;
  base::Clock& clock_;
  SensorInfo info_;
  base::RandomStream moments_;
  double origin_s_ = 0;
  bool gap_taken_ = false;
};

}  // namespace edgetran::profile::sensors
