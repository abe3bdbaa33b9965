#include "profile/runtimes/program/program_runtime.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/config.h"
#include "profile/runtimes/program/program_client.h"

namespace edgetran::profile::program {

namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::ErrorCategory;
using base::Json;

/// Loading and compiling a large model on a small board.
constexpr double kLoadS = 600;

/// A reply that is not what docs/protocol.md says.
base::Error broken(const std::string& name, const std::string& what) {
  return {ErrorCategory::kDevice,
          fmt::format("the program of the runtime {} answers wrongly: {}", name, what),
          "see docs/protocol.md, \"Runtime\""};
}

template <class T>
base::Result<T> expect(const std::string& name, base::Result<T> result) {
  if (!result) return base::fail(broken(name, result.error().message));
  return result;
}

base::Result<std::map<std::string, std::vector<std::string>>> read_device_precisions(
    const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  std::map<std::string, std::vector<std::string>> devices;
  for (const std::string& name : map.keys()) {
    EDGETRAN_ASSIGN(const auto precisions, map.require(name));
    EDGETRAN_ASSIGN(devices[name], precisions.as_strings());
  }
  return devices;
}

base::Result<RuntimeInfo> read_info(const std::string& name, const Json& json) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(ConfigValue::from_json(json, "describe")));
  RuntimeInfo info;
  info.name = name;
  EDGETRAN_ASSIGN(const auto version, map.require("version"));
  EDGETRAN_ASSIGN(info.version, version.as_string());
  EDGETRAN_ASSIGN(const auto devices, map.require("devices"));
  EDGETRAN_ASSIGN(info.devices, devices.as_strings());
  EDGETRAN_ASSIGN(const auto precisions, map.require("precisions"));
  EDGETRAN_ASSIGN(info.precisions, precisions.as_strings());
  if (const auto by_device = map.find("device_precisions")) {
    EDGETRAN_ASSIGN(info.device_precisions, read_device_precisions(*by_device));
  }
  if (const auto formats = map.find("formats")) {
    EDGETRAN_ASSIGN(info.formats, formats->as_strings());
    if (info.formats.empty()) return base::fail(formats->error("no format is listed"));
  }
  return info;  // more keys are of a newer protocol
}

base::Result<TensorInfo> read_input(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  TensorInfo info;
  EDGETRAN_ASSIGN(const auto name, map.require("name"));
  EDGETRAN_ASSIGN(info.name, name.as_string());
  EDGETRAN_ASSIGN(const auto type, map.require("type"));
  EDGETRAN_ASSIGN(const std::string type_name, type.as_choice({"F32", "I64"}));
  info.type = type_name == "I64" ? TensorType::kInt64 : TensorType::kFloat32;
  EDGETRAN_ASSIGN(const auto shape, map.require("shape"));
  EDGETRAN_ASSIGN(info.shape, shape.as_integers(0, INT32_MAX));
  return info;
}

struct LoadReply {
  std::vector<TensorInfo> inputs;
  Json settings;  ///< null: it does not say
};

base::Result<LoadReply> read_load(const Json& json) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(ConfigValue::from_json(json, "load")));
  EDGETRAN_ASSIGN(const auto list, map.require("inputs"));
  EDGETRAN_ASSIGN(const auto values, list.as_list());
  LoadReply reply;
  for (const ConfigValue& value : values) {
    EDGETRAN_ASSIGN(TensorInfo info, read_input(value));
    reply.inputs.push_back(std::move(info));
  }
  if (const auto settings = map.find("settings")) reply.settings = settings->to_json();
  return reply;
}

struct RunReply {
  std::vector<double> seconds;
  uint64_t peak_memory_bytes = 0;
};

/// The blob of the reply: float64, little-endian as this machine is.
base::Result<std::vector<double>> read_seconds(std::string_view blob) {
  std::vector<double> seconds(blob.size() / sizeof(double));
  std::memcpy(seconds.data(), blob.data(), seconds.size() * sizeof(double));
  const bool sound = blob.size() % sizeof(double) == 0 &&
                     std::all_of(seconds.begin(), seconds.end(),
                                 [](double s) { return std::isfinite(s) && s >= 0; });
  if (sound) return seconds;
  return base::fail(ErrorCategory::kDevice, "the blob holds no seconds of 0 and more as float64");
}

base::Result<RunReply> read_runs(const wire::Message& message) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(ConfigValue::from_json(message.json, "run")));
  RunReply reply;
  EDGETRAN_ASSIGN(const auto memory, map.require("peak_memory_bytes"));
  EDGETRAN_ASSIGN(const int64_t bytes, memory.as_integer(0));
  reply.peak_memory_bytes = static_cast<uint64_t>(bytes);
  if (!message.blob.empty()) {
    EDGETRAN_ASSIGN(reply.seconds, read_seconds(message.blob));
    return reply;
  }
  EDGETRAN_ASSIGN(const auto list, map.require("seconds"));
  EDGETRAN_ASSIGN(const auto values, list.as_list());
  for (const ConfigValue& value : values) {
    EDGETRAN_ASSIGN(const double seconds, value.as_number(0));
    reply.seconds.push_back(seconds);
  }
  return reply;
}

class ProgramModel final : public CompiledModel {
 public:
  ProgramModel(std::shared_ptr<ProgramClient> client, LoadReply loaded)
      : client_(std::move(client)), loaded_(std::move(loaded)) {}

  std::vector<TensorInfo> inputs() const override { return loaded_.inputs; }
  Json settings_in_effect() const override { return loaded_.settings; }

  base::Status set_inputs(const std::vector<Tensor>& tensors) override {
    return client_
        ->call("set_inputs", Json::object(), encode_tensors(tensors),
               client_->options().answer_timeout_s)
        .map([](const auto&) {});
  }

  base::Status run() override {
    return ask({}, {}).map([](const auto&) {});
  }

  base::Result<std::vector<double>> run_until(const RunGoal& goal, base::Clock& /*clock*/,
                                              const base::CancelToken& cancel) override {
    EDGETRAN_ASSIGN(auto seconds, ask(goal, cancel));
    if (seconds.empty()) return base::fail(broken(client_->options().name, "no run came back"));
    return seconds;
  }

  base::Result<std::vector<Tensor>> outputs() const override {
    EDGETRAN_ASSIGN(const auto reply, client_->call("outputs", Json::object(), {},
                                                    client_->options().answer_timeout_s));
    return expect(client_->options().name, decode_tensors(reply.blob));
  }

  std::optional<uint64_t> peak_memory_bytes() const override { return peak_memory_bytes_; }

 private:
  base::Result<std::vector<double>> ask(const RunGoal& goal, const base::CancelToken& cancel) {
    EDGETRAN_ASSIGN(const auto reply, client_->call("run",
                                                    {{"runs", goal.runs},
                                                     {"seconds", goal.seconds},
                                                     {"limit_s", goal.limit_s},
                                                     {"least_runs", goal.least_runs}},
                                                    {}, 0, cancel));
    EDGETRAN_ASSIGN(RunReply runs, expect(client_->options().name, read_runs(reply)));
    peak_memory_bytes_ = runs.peak_memory_bytes;
    return std::move(runs.seconds);
  }

  std::shared_ptr<ProgramClient> client_;
  LoadReply loaded_;
  std::optional<uint64_t> peak_memory_bytes_;
};

/// What the program says of itself.
base::Result<RuntimeInfo> describe(ProgramClient& client) {
  EDGETRAN_ASSIGN(const auto reply,
                  client.call("describe", Json::object(), {}, client.options().answer_timeout_s));
  return expect(client.options().name, read_info(client.options().name, reply.json));
}

class ProgramRuntime final : public Runtime {
 public:
  explicit ProgramRuntime(std::unique_ptr<ProgramClient> client) : client_(std::move(client)) {}

  base::Clock& clock() override { return clock_; }

  base::Result<std::unique_ptr<CompiledModel>> load(std::string_view model,
                                                    const RunSettings& settings) override {
    if (settings.accelerator != RunSettings().accelerator) {
      EDGETRAN_TRY(check_accelerator(settings.accelerator));
    }
    EDGETRAN_ASSIGN(const auto reply, client_->call("load",
                                                    {{"precision", settings.precision},
                                                     {"accelerator", settings.accelerator},
                                                     {"threads", settings.threads},
                                                     {"batch", settings.batch},
                                                     {"length", settings.length}},
                                                    model, kLoadS));
    EDGETRAN_ASSIGN(auto loaded, expect(client_->options().name, read_load(reply.json)));
    return std::make_unique<ProgramModel>(client_, std::move(loaded));
  }

 private:
  /// A program that knows one device only may not look at the field: it would run there in silence.
  base::Status check_accelerator(const std::string& accelerator) {
    EDGETRAN_ASSIGN(const RuntimeInfo info, describe(*client_));
    for (const std::string& device : info.devices) {
      if (device == accelerator || device.starts_with(accelerator + ".")) return {};
    }
    return base::fail(ErrorCategory::kDevice,
                      fmt::format("the runtime {} finds no device \"{}\" here; it finds {}",
                                  info.name, accelerator, fmt::join(info.devices, ", ")),
                      "choose another accelerator");
  }

  base::SystemClock clock_;
  std::shared_ptr<ProgramClient> client_;
};

class ProgramFactory final : public RuntimeFactory {
 public:
  explicit ProgramFactory(ProgramOptions options) : options_(std::move(options)) {}

  RuntimeInfo info() const override {
    // Asking starts the program: done once.
    if (!info_) info_ = ask();
    return *info_;
  }

  base::Result<std::unique_ptr<Runtime>> create() const override {
    EDGETRAN_ASSIGN(auto client, ProgramClient::start(options_));
    return std::make_unique<ProgramRuntime>(std::move(client));
  }

 private:
  RuntimeInfo ask() const {
    const auto found = start_and_describe();
    if (found) return *found;
    RuntimeInfo info;
    info.name = options_.name;
    info.available = false;
    info.reason = found.error().message;
    return info;
  }

  base::Result<RuntimeInfo> start_and_describe() const {
    EDGETRAN_ASSIGN(auto client, ProgramClient::start(options_));
    return describe(*client);
  }

  ProgramOptions options_;
  mutable std::optional<RuntimeInfo> info_;
};

}  // namespace

std::unique_ptr<RuntimeFactory> make_factory(ProgramOptions options) {
  return std::make_unique<ProgramFactory>(std::move(options));
}

}  // namespace edgetran::profile::program
