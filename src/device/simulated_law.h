#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"

namespace edgetran::device {

/// What a precision changes on a simulated board.
struct PrecisionLaw {
  std::string precision;
  double compute = 1;  ///< multiplies peak_flop_per_s
  double bytes = 1;    ///< multiplies the bytes moved
};

/// Parameters of the roofline law of a simulated board (roofline.h).
struct SimulatedBoardLaw {
  double peak_flop_per_s = 0;        ///< of one core, fp32
  double bandwidth_bytes_per_s = 0;  ///< of the board
  double launch_overhead_s = 0;      ///< of one operator
  double thread_efficiency = 1;      ///< what each core beyond the first adds, in (0, 1]
  double load_bytes_per_s = 0;       ///< reading and compiling a model
  double noise_share = 0;            ///< standard deviation of a run over its mean
  int64_t seed = 0;
  std::vector<PrecisionLaw> precisions;
};

/// The key `law` of a simulated board's card. Strict: unknown keys and values out of range are
/// usage errors with their place.
base::Result<SimulatedBoardLaw> read_simulated_board_law(const base::ConfigValue& value);

/// The law as read_simulated_board_law reads it.
base::Json simulated_board_law_json(const SimulatedBoardLaw& law);

}  // namespace edgetran::device
