#pragma once

#include <cstdint>
#include <optional>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// What a simulated board draws, in watts, in each of its states.
struct SimulatedPower {
  double idle_w = 0;       ///< nothing loaded
  double loaded_w = 0;     ///< a model loaded, nothing running
  double load_w = 0;       ///< loading
  double run_w = 0;        ///< running at full clock
  double throttled_w = 0;  ///< running at the clock of a hot board

  bool operator==(const SimulatedPower&) const = default;
};

/// How a simulated board warms and slows down: one thermal resistance and one capacity to the air
/// around it, T' = (ambient + resistance * P - T) / time constant, exact between changes of power.
/// Reaching limit_c the clock falls to clock_share; back at resume_c it is full again.
struct SimulatedThermal {
  double ambient_c = 25;
  double resistance_c_per_w = 1;
  double time_constant_s = 60;
  double limit_c = 80;
  double resume_c = 75;
  double clock_share = 0.5;
  double throttled_s = 0;  ///< mean of one inference at that clock

  bool operator==(const SimulatedThermal&) const = default;
};

/// The sensor that watches a simulated board's power: what it shows changes every update_s. A gauge
/// shows the mean over averaging_s before (0: the power at that moment) in steps of `resolution`
/// watts; a counter shows whole ticks of `resolution` joules and wraps after range_ticks.
struct SimulatedSensor {
  SensorKind kind = SensorKind::kGauge;
  Boundary boundary = Boundary::kEstimate;
  double update_s = 0.01;
  double averaging_s = 0;
  double resolution = 0;  ///< 0: a gauge without steps
  int64_t range_ticks = 0;

  bool operator==(const SimulatedSensor&) const = default;
};

/// The law by which a simulated run takes its time and power. Run i takes
///   mean_s * exp(noise_share * x_i - noise_share^2 / 2) [* spike_factor],
/// x_i standard normal with correlation noise_correlation to x_(i-1); a spike in spike_share of the
/// runs. Everything follows from the seed and the order of what is asked.
struct SimulatedLaw {
  double mean_s = 0;       ///< of one inference
  double noise_share = 0;  ///< standard deviation over mean
  double load_s = 0;
  uint64_t memory_bytes = 0;  ///< modelled peak of memory
  uint64_t seed = 0;
  double noise_correlation = 0;  ///< in [0, 1)
  double spike_share = 0;
  double spike_factor = 1;
  std::optional<SimulatedPower> power{};      ///< none: energy is not known
  std::optional<SimulatedThermal> thermal{};  ///< none: the clock is always full; needs `power`
  SimulatedSensor sensor{};                   ///< where there is `power`

  bool operator==(const SimulatedLaw&) const = default;
};

/// The object `sensor` of a law, and of a simulated board's card. Strict, as below.
base::Result<SimulatedSensor> read_simulated_sensor(const base::ConfigValue& value);
base::Json simulated_sensor_json(const SimulatedSensor& sensor);

/// The object `law` of `measure` (docs/protocol.md). Strict: unknown keys, values out of range and
/// laws that contradict themselves are usage errors with their place.
base::Result<SimulatedLaw> read_simulated_law(const base::ConfigValue& value);

/// The law as read_simulated_law reads it; what has its default is left out.
base::Json simulated_law_json(const SimulatedLaw& law);

}  // namespace edgetran::profile
