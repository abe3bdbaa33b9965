#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "device/cost_summary.h"
#include "profile/simulated_law.h"

namespace edgetran::device {

/// Precisions that a simulated board can have a law for.
const std::vector<std::string>& simulated_precisions();

/// What a precision changes on a simulated board.
struct PrecisionLaw {
  std::string precision;
  double compute = 1;  ///< multiplies peak_flop_per_s
  double bytes = 1;    ///< multiplies the bytes moved
};

/// A memory that holds working sets up to `bytes`, and how fast it is.
struct CacheStep {
  int64_t bytes = 0;
  double bandwidth_bytes_per_s = 0;
};

/// What the board draws (roofline.h): at rest, and what is added to it.
struct PowerLaw {
  double idle_w = 0;
  double loaded_w = 0;        ///< while a model is kept ready
  double core_w = 0;          ///< of each core that is at work, whatever it does
  double compute_w = 0;       ///< of each core while it computes at its roof
  double memory_w = 0;        ///< while memory moves bytes at its roof
  double clock_exponent = 3;  ///< cores draw clock^exponent: voltage falls with the clock
};

/// One thermal resistance and capacity, and a clock with two speeds (profile/simulated_law.h).
struct ThermalLaw {
  double ambient_c = 25;
  double resistance_c_per_w = 0;
  double time_constant_s = 0;
  double limit_c = 0;
  double resume_c = 0;
  double clock_share = 1;
};

/// Parameters of the law of a simulated board (roofline.h).
struct SimulatedBoardLaw {
  double peak_flop_per_s = 0;        ///< of one core, fp32
  double bandwidth_bytes_per_s = 0;  ///< of the board's main memory
  double launch_overhead_s = 0;      ///< of one operator
  double thread_efficiency = 1;      ///< what each core beyond the first adds, in (0, 1]
  double load_bytes_per_s = 0;       ///< reading and compiling a model
  double noise_share = 0;            ///< standard deviation of a run over its mean
  int64_t seed = 0;
  std::vector<PrecisionLaw> precisions{};
  double call_overhead_s = 0;  ///< of one inference: to the accelerator and back
  double load_overhead_s = 0;  ///< of loading any model
  /// Share of the peak that the operators of a class reach; by OperatorClass.
  std::array<double, kOperatorClasses> efficiency{1, 1, 1, 1, 1, 1};
  std::vector<CacheStep> cache_steps{};  ///< larger and slower from step to step
  double noise_correlation = 0;          ///< of a run's noise and the one's before
  double spike_share = 0;                ///< of runs that take spike_factor times their time
  double spike_factor = 1;
  std::optional<PowerLaw> power{};
  std::optional<ThermalLaw> thermal{};               ///< needs `power`
  std::optional<profile::SimulatedSensor> sensor{};  ///< needs `power`; none: an ideal gauge
};

/// The key `law` of a simulated board's card. Strict: unknown keys, values out of range and laws
/// that contradict themselves are usage errors with their place.
base::Result<SimulatedBoardLaw> read_simulated_board_law(const base::ConfigValue& value);

/// The law as read_simulated_board_law reads it; what has its default is left out.
base::Json simulated_board_law_json(const SimulatedBoardLaw& law);

}  // namespace edgetran::device
