#pragma once

#include <cstdint>
#include <string_view>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"

namespace edgetran::train {

/// Whether a smaller value of the metric is the better one: losses and errors.
bool lower_is_better(std::string_view metric);

/// What early stopping has seen so far; a part of a checkpoint.
struct StoppingState {
  int64_t evaluated_step = 0;  ///< of the latest evaluation; 0: none
  int64_t best_step = 0;       ///< whose weights were the best; 0: none
  double best = 0;             ///< their metric
  int64_t waited = 0;          ///< evaluations since
  bool stopped = false;
  bool operator==(const StoppingState&) const = default;
};

/// Takes in an evaluation: true where it is the best so far (an equal one is not). After `patience`
/// evaluations that were not, `stopped` is set.
bool observe(StoppingState& state, std::string_view metric, double value, int64_t step,
             int64_t patience);

base::Json stopping_json(const StoppingState& state);
base::Result<StoppingState> read_stopping(const base::ConfigValue& value);

}  // namespace edgetran::train
