#include "train/events.h"

namespace edgetran::train {

base::Event to_event(const Started& started) {
  return {"started",
          {{"parameters", started.parameters},
           {"budget_tokens", started.budget_tokens},
           {"stop_tokens", started.stop_tokens},
           {"resumed_step", started.resumed_step}}};
}

base::Event to_event(const Progress& progress) {
  return {"progress",
          {{"step", progress.step},
           {"tokens", progress.tokens},
           {"loss", progress.loss},
           {"tokens_per_s", progress.tokens_per_s},
           {"learning_rate", progress.learning_rate},
           {"eta_s", progress.eta_s},
           {"stop_tokens", progress.stop_tokens}}};
}

base::Event to_event(const Checkpointed& checkpoint) {
  return {"checkpoint", {{"step", checkpoint.step}, {"tokens", checkpoint.tokens}}};
}

base::Event to_event(const RolledBack& rollback) {
  return {"rollback",
          {{"step", rollback.step},
           {"to_step", rollback.to_step},
           {"reason", rollback.reason},
           {"rollbacks", rollback.rollbacks},
           {"rate_factor", rollback.rate_factor}}};
}

base::Event evaluated_event(const base::Json& metrics, int64_t step) {
  base::Event event{"evaluated", metrics};
  if (step > 0) event.fields["step"] = step;
  return event;
}

base::Json result_json(const TrainResult& result) {
  return {{"metrics", result.metrics},
          {"loss", result.loss},
          {"seconds", result.seconds},
          {"tokens_per_s", result.tokens_per_s},
          {"examples_per_s", result.examples_per_s},
          {"tokens", result.tokens},
          {"steps", result.steps},
          {"peak_memory_bytes", result.peak_memory_bytes},
          {"model", result.model.string()},
          {"best_step", result.best_step},
          {"stopped_early", result.stopped_early},
          {"rollbacks", result.rollbacks},
          {"precision", precision_name(result.precision)}};
}

namespace {

base::Result<double> number(base::ConfigMap& map, const std::string& key) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return value.as_number(0);
}

base::Result<int64_t> count(base::ConfigMap& map, const std::string& key) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return value.as_integer(0);
}

base::Result<TrainResult> read_fields(const base::ConfigValue& value) {
  EDGETRAN_ASSIGN(auto map, base::ConfigMap::of(value));
  TrainResult result;
  EDGETRAN_ASSIGN(const auto metrics, map.require("metrics"));
  EDGETRAN_TRY(base::ConfigMap::of(metrics));
  result.metrics = metrics.to_json();
  EDGETRAN_ASSIGN(result.loss, number(map, "loss"));
  EDGETRAN_ASSIGN(result.seconds, number(map, "seconds"));
  EDGETRAN_ASSIGN(result.tokens_per_s, number(map, "tokens_per_s"));
  EDGETRAN_ASSIGN(result.examples_per_s, number(map, "examples_per_s"));
  EDGETRAN_ASSIGN(result.tokens, count(map, "tokens"));
  EDGETRAN_ASSIGN(result.steps, count(map, "steps"));
  EDGETRAN_ASSIGN(const int64_t peak, count(map, "peak_memory_bytes"));
  result.peak_memory_bytes = static_cast<uint64_t>(peak);
  EDGETRAN_ASSIGN(const auto model, map.require("model"));
  EDGETRAN_ASSIGN(result.model, model.as_string());
  // A worker of the version before does not send these.
  if (map.find("best_step")) {
    EDGETRAN_ASSIGN(result.best_step, count(map, "best_step"));
    EDGETRAN_ASSIGN(const auto stopped, map.require("stopped_early"));
    EDGETRAN_ASSIGN(result.stopped_early, stopped.as_boolean());
    EDGETRAN_ASSIGN(result.rollbacks, count(map, "rollbacks"));
  }
  if (const auto precision = map.find("precision")) {
    EDGETRAN_ASSIGN(const std::string name, precision->as_choice({"fp32", "bf16"}));
    result.precision =
        name == precision_name(Precision::kBf16) ? Precision::kBf16 : Precision::kFp32;
  }
  return result;  // fields that a newer worker adds are let through
}

}  // namespace

base::Result<TrainResult> read_result(const base::ConfigValue& value) {
  auto result = read_fields(value);
  if (!result) {
    base::Error error = std::move(result).error();
    error.category = base::ErrorCategory::kProtocol;
    return base::fail(error.within("result of the worker"));
  }
  return result;
}

}  // namespace edgetran::train
