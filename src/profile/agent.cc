#include "profile/agent.h"

#include <fmt/core.h>

#include <utility>

#include "base/config.h"
#include "base/hash.h"
#include "base/version.h"
#include "profile/model_files.h"
#include "profile/profiles.h"
#include "profile/run_rows.h"

namespace edgetran::profile {

namespace {

using base::ConfigMap;
using base::Json;
using wire::Answer;
using wire::Call;

constexpr double kMinLeaseS = 1;
constexpr double kMaxLeaseS = 3600;

base::Result<ConfigMap> fields(const Call& call, const char* verb) {
  return ConfigMap::of(base::ConfigValue::from_json(call.body, verb));
}

Json runtime_json(const RuntimeInfo& info) {
  return {{"name", info.name},
          {"version", info.version},
          {"kind", info.modelled ? "modelled" : "measured"},
          {"available", info.available},
          {"reason", info.reason},
          {"devices", info.devices},
          {"precisions", info.precisions},
          {"device_precisions", info.device_precisions},
          {"formats", info.formats}};
}

Json sensors_json(const std::vector<std::unique_ptr<Sensor>>& sensors) {
  Json list = Json::array();
  for (const auto& sensor : sensors) {
    const SensorInfo& info = sensor->info();
    list.push_back({{"driver", info.driver},
                    {"channel", info.channel},
                    {"domain", info.domain},
                    {"kind", info.kind == SensorKind::kCounter ? "counter" : "gauge"},
                    {"boundary", boundary_name(info.boundary)},
                    {"source", info.source}});
  }
  return list;
}

Json problems_json(const std::vector<SensorProblem>& problems) {
  Json list = Json::array();
  for (const SensorProblem& problem : problems) {
    list.push_back({{"driver", problem.driver},
                    {"source", problem.source},
                    {"category", base::category_name(problem.category)},
                    {"message", problem.message},
                    {"fix", problem.fix}});
  }
  return list;
}

}  // namespace

Agent::Agent(AgentOptions options, base::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      lease_(clock, options_.lock_file),
      models_(options_.model_bytes),
      results_(options_.result_bytes),
      service_({.program = "edgetran-agent",
                .version = base::kVersion,
                .service = "agent",
                .capabilities = {"latency", "outputs", "convert"}}) {
  service_.add("capabilities", [this](Call& call) { return capabilities(call); });
  // At once, so that the heartbeat is heard while a measurement runs.
  service_.add(
      "lease", [this](Call& call) { return lease(call); }, wire::Mode::kImmediate);
  service_.add("put", [this](Call& call) { return put(call); });
  service_.add("measure", [this](Call& call) { return measure(call); });
  service_.add("fetch", [this](Call& call) { return fetch(call); });
}

base::Result<Answer> Agent::capabilities(Call& call) {
  EDGETRAN_ASSIGN(ConfigMap map, fields(call, "capabilities"));
  EDGETRAN_TRY(map.finish());
  EDGETRAN_ASSIGN(const HostInfo host, read_host(options_.root));
  Json runtimes = Json::array();
  for (const auto& factory : options_.runtimes) runtimes.push_back(runtime_json(factory->info()));
  return Answer{{{"runtimes", runtimes},
                 {"profiles", profile_names()},
                 {"host", host_json(host)},
                 {"sensors", sensors_json(sensors().sensors())},
                 {"sensor_problems", problems_json(sensors().problems())},
                 {"model_bytes", options_.model_bytes}},
                {}};
}

base::Result<Answer> Agent::lease(Call& call) {
  EDGETRAN_ASSIGN(ConfigMap map, fields(call, "lease"));
  const auto seconds_value = map.find("seconds");
  const auto exclusive_value = map.find("exclusive");
  EDGETRAN_TRY(map.finish());
  if (!seconds_value) {
    EDGETRAN_TRY(lease_.renew());
  } else {
    EDGETRAN_ASSIGN(const double seconds, seconds_value->as_number(kMinLeaseS, kMaxLeaseS));
    bool exclusive = true;
    if (exclusive_value) {
      EDGETRAN_ASSIGN(exclusive, exclusive_value->as_boolean());
    }
    EDGETRAN_TRY(lease_.take(seconds, exclusive));
  }
  // The time here, by which the client tells how this clock and its own differ.
  return Answer{{{"seconds", lease_.seconds()}, {"clock_s", clock_.now_s()}}, {}};
}

base::Result<Answer> Agent::put(Call& call) {
  EDGETRAN_ASSIGN(ConfigMap map, fields(call, "put"));
  EDGETRAN_ASSIGN(const auto value, map.require("sha256"));
  EDGETRAN_ASSIGN(const std::string sha256, value.as_string());
  EDGETRAN_TRY(map.finish());
  // Without bytes it only asks whether the model is here.
  if (call.blob.empty()) return Answer{{{"present", models_.find(sha256) != nullptr}}, {}};
  const std::string found = base::sha256_hex(call.blob);
  if (found != sha256) {
    return base::fail(base::ErrorCategory::kCorrupt,
                      fmt::format("the model's bytes have the SHA-256 {}, not {}", found, sha256),
                      "send it again");
  }
  EDGETRAN_TRY(check_self_contained(call.blob));
  EDGETRAN_TRY(models_.put(std::move(call.blob)).map([](const std::string&) {}));
  return Answer{{{"present", true}}, {}};
}

base::Result<Answer> Agent::measure(Call& call) {
  EDGETRAN_ASSIGN(const AgentMeasure request, read_measure(call.body));
  EDGETRAN_ASSIGN(const RuntimeFactory* factory, find_runtime(request.runtime));
  if (request.mode == AgentMeasure::Mode::kOutputs) return run_outputs(request, *factory, call);
  if (request.mode == AgentMeasure::Mode::kConvert) return convert(request, *factory);
  return measure_latency(request, *factory, call);
}

base::Result<Answer> Agent::fetch(Call& call) {
  EDGETRAN_ASSIGN(ConfigMap map, fields(call, "fetch"));
  EDGETRAN_ASSIGN(const auto value, map.require("sha256"));
  EDGETRAN_ASSIGN(const std::string sha256, value.as_string());
  EDGETRAN_TRY(map.finish());
  const auto bytes = results_.find(sha256);
  if (!bytes) {
    return base::fail(base::ErrorCategory::kNotFound,
                      fmt::format("there is no result with the SHA-256 {}", sha256),
                      "results are kept until newer ones need their room");
  }
  return Answer{Json::object(), *bytes};
}

base::Result<Answer> Agent::run_outputs(const AgentMeasure& request, const RuntimeFactory& factory,
                                        Call& call) {
  EDGETRAN_TRY(check_lease(factory.info().modelled));
  EDGETRAN_ASSIGN(const auto inputs, decode_tensors(call.blob));
  EDGETRAN_ASSIGN(CompiledModel* const model, load_for_outputs(request, factory));
  EDGETRAN_ASSIGN(const auto outputs,
                  run_rows(*model, inputs, request.settings.batch, call.cancel));
  std::string blob = encode_tensors(outputs);
  const uint64_t bytes = blob.size();
  EDGETRAN_ASSIGN(const std::string sha256, results_.put(std::move(blob)));
  return Answer{{{"outputs", {{"sha256", sha256}, {"bytes", bytes}}}}, {}};
}

base::Result<Answer> Agent::convert(const AgentMeasure& request, const RuntimeFactory& factory) {
  // Nothing is measured: the lease need not be exclusive.
  EDGETRAN_TRY(check_lease(true));
  EDGETRAN_ASSIGN(const auto model, find_model(request, false));
  EDGETRAN_ASSIGN(const auto runtime, factory.create());
  EDGETRAN_ASSIGN(auto files, runtime->convert(*model));
  uint64_t total = 0;
  for (const ModelFile& file : files) total += file.bytes.size();
  if (total > results_.limit_bytes()) {
    return base::fail(base::ErrorCategory::kResource,
                      fmt::format("the converted model has {} bytes; this agent keeps at most {}",
                                  total, results_.limit_bytes()));
  }
  Json list = Json::array();
  for (ModelFile& file : files) {
    const uint64_t bytes = file.bytes.size();
    EDGETRAN_ASSIGN(const std::string sha256, results_.put(std::move(file.bytes)));
    list.push_back({{"name", file.name}, {"sha256", sha256}, {"bytes", bytes}});
  }
  return Answer{{{"files", list}}, {}};
}

base::Result<const RuntimeFactory*> Agent::find_runtime(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& factory : options_.runtimes) {
    names.push_back(factory->info().name);
    if (names.back() == name) return factory.get();
  }
  const auto near = base::nearest_name(name, names);
  return base::fail(base::ErrorCategory::kDevice,
                    fmt::format("this agent has no runtime \"{}\"", name),
                    near ? fmt::format("did you mean \"{}\"?", *near) : "see capabilities");
}

base::Result<std::shared_ptr<const std::string>> Agent::find_model(const AgentMeasure& request,
                                                                   bool modelled) {
  if (auto model = models_.find(request.model)) return model;
  // A law needs no bytes: what a model costs came with the request.
  if (modelled) return std::make_shared<const std::string>();
  return base::fail(base::ErrorCategory::kNotFound,
                    fmt::format("the model {} is not here", request.model), "put it first");
}

base::Result<CompiledModel*> Agent::load_for_outputs(const AgentMeasure& request,
                                                     const RuntimeFactory& factory) {
  const RunSettings& settings = request.settings;
  std::string key =
      fmt::format("{} {} {} {} {} {} {}", request.model, request.runtime, settings.accelerator,
                  settings.precision, settings.threads, settings.batch, settings.length);
  if (loaded_ && loaded_->key == key) return loaded_->model.get();
  loaded_.reset();
  EDGETRAN_ASSIGN(const auto model, find_model(request, factory.info().modelled));
  auto loaded = std::make_unique<Loaded>();
  loaded->key = std::move(key);
  EDGETRAN_ASSIGN(loaded->runtime, factory.create());
  EDGETRAN_ASSIGN(loaded->model, loaded->runtime->load(*model, settings));
  loaded_ = std::move(loaded);
  return loaded_->model.get();
}

base::Status Agent::check_lease(bool modelled) {
  if (!lease_.holds()) {
    return base::fail(base::ErrorCategory::kUsage, "measuring needs a lease",
                      "send \"lease\" first");
  }
  // A law is not disturbed by neighbours; a measurement is.
  if (!modelled && !lease_.exclusive()) {
    return base::fail(base::ErrorCategory::kUsage, "measuring needs an exclusive lease",
                      "send \"lease\" with \"exclusive\": true");
  }
  return {};
}

}  // namespace edgetran::profile
