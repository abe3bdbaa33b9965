#include "train/early_stopping.h"

namespace edgetran::train {

bool lower_is_better(std::string_view metric) {
  return metric.ends_with("loss") || metric.ends_with("rmse") || metric.ends_with("error");
}

bool observe(StoppingState& state, std::string_view metric, double value, int64_t step,
             int64_t patience) {
  const bool better =
      state.best_step == 0 || (lower_is_better(metric) ? value < state.best : value > state.best);
  state.evaluated_step = step;
  if (better) {
    state.best = value;
    state.best_step = step;
    state.waited = 0;
    return true;
  }
  state.stopped = ++state.waited >= patience;
  return false;
}

base::Json stopping_json(const StoppingState& state) {
  return {{"evaluated_step", state.evaluated_step},
          {"best_step", state.best_step},
          {"best", state.best},
          {"waited", state.waited},
          {"stopped", state.stopped}};
}

base::Result<StoppingState> read_stopping(const base::ConfigValue& value) {
  EDGETRAN_ASSIGN(auto map, base::ConfigMap::of(value));
  StoppingState state;
  EDGETRAN_ASSIGN(const auto evaluated, map.require("evaluated_step"));
  EDGETRAN_ASSIGN(state.evaluated_step, evaluated.as_integer(0));
  EDGETRAN_ASSIGN(const auto best_step, map.require("best_step"));
  EDGETRAN_ASSIGN(state.best_step, best_step.as_integer(0));
  EDGETRAN_ASSIGN(const auto best, map.require("best"));
  EDGETRAN_ASSIGN(state.best, best.as_number());
  EDGETRAN_ASSIGN(const auto waited, map.require("waited"));
  EDGETRAN_ASSIGN(state.waited, waited.as_integer(0));
  EDGETRAN_ASSIGN(const auto stopped, map.require("stopped"));
  EDGETRAN_ASSIGN(state.stopped, stopped.as_boolean());
  return state;
}

}  // namespace edgetran::train
