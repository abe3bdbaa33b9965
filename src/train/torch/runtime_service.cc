#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/config.h"
#include "base/process.h"
#include "base/version.h"
#include "train/torch/runtime_model.h"
#include "train/torch/worker.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ConfigMap;
using base::Json;

// The agent has looked at the numbers of its own peer; these keep a wrong client from nonsense.
constexpr int64_t kMaxThreads = 1024;
constexpr int64_t kMaxBatch = 4096;
constexpr int64_t kMaxLength = 65536;
constexpr double kMaxSeconds = 1e6;

// Fields that are not known are let through: a newer agent may send more.
base::Result<ConfigMap> fields_of(const wire::Call& call, const char* verb) {
  return ConfigMap::of(base::ConfigValue::from_json(call.body, verb));
}

base::Result<RuntimeSettings> read_settings(const wire::Call& call) {
  EDGETRAN_ASSIGN(ConfigMap map, fields_of(call, "load"));
  RuntimeSettings settings;
  EDGETRAN_ASSIGN(const auto precision, map.require("precision"));
  EDGETRAN_ASSIGN(settings.precision, precision.as_string());
  if (const auto accelerator = map.find("accelerator")) {
    EDGETRAN_ASSIGN(settings.accelerator, accelerator->as_string());
  }
  EDGETRAN_ASSIGN(const auto threads, map.require("threads"));
  EDGETRAN_ASSIGN(settings.threads, threads.as_integer(1, kMaxThreads));
  EDGETRAN_ASSIGN(const auto batch, map.require("batch"));
  EDGETRAN_ASSIGN(settings.batch, batch.as_integer(1, kMaxBatch));
  EDGETRAN_ASSIGN(const auto length, map.require("length"));
  EDGETRAN_ASSIGN(settings.length, length.as_integer(1, kMaxLength));
  return settings;
}

base::Result<RuntimeGoal> read_goal(const wire::Call& call) {
  EDGETRAN_ASSIGN(ConfigMap map, fields_of(call, "run"));
  RuntimeGoal goal;
  EDGETRAN_ASSIGN(const auto runs, map.require("runs"));
  EDGETRAN_ASSIGN(goal.runs, runs.as_integer());
  EDGETRAN_ASSIGN(const auto seconds, map.require("seconds"));
  EDGETRAN_ASSIGN(goal.seconds, seconds.as_number(-kMaxSeconds, kMaxSeconds));
  EDGETRAN_ASSIGN(const auto limit, map.require("limit_s"));
  EDGETRAN_ASSIGN(goal.limit_s, limit.as_number(0, kMaxSeconds));
  EDGETRAN_ASSIGN(const auto least, map.require("least_runs"));
  EDGETRAN_ASSIGN(goal.least_runs, least.as_integer());
  return goal;
}

Json describe() {
  Json names = Json::array(), all = Json::array(), by_device = Json::object();
  for (const RuntimeDevice& device : runtime_devices()) {
    names.push_back(device.name);
    by_device[device.name] = device.precisions;
    for (const std::string& precision : device.precisions) {
      if (std::find(all.begin(), all.end(), precision) == all.end()) all.push_back(precision);
    }
  }
  return {{"version", engine_version()},
          {"devices", names},
          {"precisions", all},
          {"device_precisions", by_device},
          {"formats", {weights::kPackedFormatName}}};
}

/// One model at a time.
struct State {
  base::SystemClock clock;
  std::unique_ptr<RuntimeModel> model;

  base::Result<RuntimeModel*> loaded() {
    if (model) return model.get();
    return base::fail(base::ErrorCategory::kUsage, "no model is loaded");
  }
};

base::Result<wire::Answer> load(State& state, wire::Call& call) {
  state.model.reset();  // two models at once would be the larger peak of memory
  EDGETRAN_ASSIGN(const RuntimeSettings settings, read_settings(call));
  EDGETRAN_ASSIGN(state.model, RuntimeModel::load(std::move(call.blob), settings));
  return wire::Answer{
      {{"inputs", state.model->inputs_json()}, {"settings", state.model->settings_json()}}, {}};
}

base::Result<wire::Answer> run(State& state, const wire::Call& call) {
  EDGETRAN_ASSIGN(RuntimeModel * model, state.loaded());
  EDGETRAN_ASSIGN(const RuntimeGoal goal, read_goal(call));
  EDGETRAN_ASSIGN(const auto seconds, model->run(goal, state.clock, call.cancel));
  // As a blob: the times of a long window of a small model are more than a JSON frame holds.
  std::string blob(reinterpret_cast<const char*>(seconds.data()), seconds.size() * sizeof(double));
  return wire::Answer{{{"peak_memory_bytes", base::peak_rss_bytes()}}, std::move(blob)};
}

}  // namespace

wire::Service make_runtime_service() {
  wire::Hello self;
  self.program = "edgetran-worker";
  self.version = base::kVersion;
  self.service = "runtime";
  self.capabilities = {"libtorch-" + engine_version()};
  wire::Service service(std::move(self));
  auto state = std::make_shared<State>();
  service.add("describe", [](wire::Call&) { return wire::Answer{describe(), {}}; });
  service.add("load", [state](wire::Call& call) { return load(*state, call); });
  service.add("set_inputs", [state](wire::Call& call) -> base::Result<wire::Answer> {
    EDGETRAN_ASSIGN(RuntimeModel * model, state->loaded());
    EDGETRAN_TRY(model->set_inputs(std::move(call.blob)));
    return wire::Answer{};
  });
  service.add("run", [state](wire::Call& call) { return run(*state, call); });
  service.add("outputs", [state](wire::Call&) -> base::Result<wire::Answer> {
    EDGETRAN_ASSIGN(RuntimeModel * model, state->loaded());
    EDGETRAN_ASSIGN(std::string blob, model->outputs());
    return wire::Answer{Json::object(), std::move(blob)};
  });
  return service;
}

}  // namespace edgetran::train::torch_engine
