#include "profile/runtimes/program/program_runtime.h"

#include <fmt/core.h>

#include <cmath>
#include <optional>
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

base::Result<std::vector<TensorInfo>> read_inputs(const Json& json) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(ConfigValue::from_json(json, "load")));
  EDGETRAN_ASSIGN(const auto list, map.require("inputs"));
  EDGETRAN_ASSIGN(const auto values, list.as_list());
  std::vector<TensorInfo> inputs;
  for (const ConfigValue& value : values) {
    EDGETRAN_ASSIGN(TensorInfo info, read_input(value));
    inputs.push_back(std::move(info));
  }
  return inputs;
}

struct RunReply {
  std::vector<double> seconds;
  uint64_t peak_memory_bytes = 0;
};

base::Result<RunReply> read_runs(const Json& json) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(ConfigValue::from_json(json, "run")));
  RunReply reply;
  EDGETRAN_ASSIGN(const auto memory, map.require("peak_memory_bytes"));
  EDGETRAN_ASSIGN(const int64_t bytes, memory.as_integer(0));
  reply.peak_memory_bytes = static_cast<uint64_t>(bytes);
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
  ProgramModel(std::shared_ptr<ProgramClient> client, std::vector<TensorInfo> inputs)
      : client_(std::move(client)), inputs_(std::move(inputs)) {}

  std::vector<TensorInfo> inputs() const override { return inputs_; }

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
    EDGETRAN_ASSIGN(RunReply runs, expect(client_->options().name, read_runs(reply.json)));
    peak_memory_bytes_ = runs.peak_memory_bytes;
    return std::move(runs.seconds);
  }

  std::shared_ptr<ProgramClient> client_;
  std::vector<TensorInfo> inputs_;
  std::optional<uint64_t> peak_memory_bytes_;
};

class ProgramRuntime final : public Runtime {
 public:
  explicit ProgramRuntime(std::unique_ptr<ProgramClient> client) : client_(std::move(client)) {}

  base::Clock& clock() override { return clock_; }

  base::Result<std::unique_ptr<CompiledModel>> load(std::string_view model,
                                                    const RunSettings& settings) override {
    EDGETRAN_ASSIGN(const auto reply, client_->call("load",
                                                    {{"precision", settings.precision},
                                                     {"threads", settings.threads},
                                                     {"batch", settings.batch},
                                                     {"length", settings.length}},
                                                    model, kLoadS));
    EDGETRAN_ASSIGN(auto inputs, expect(client_->options().name, read_inputs(reply.json)));
    return std::make_unique<ProgramModel>(client_, std::move(inputs));
  }

 private:
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
    const auto found = describe();
    if (found) return *found;
    RuntimeInfo info;
    info.name = options_.name;
    info.available = false;
    info.reason = found.error().message;
    return info;
  }

  base::Result<RuntimeInfo> describe() const {
    EDGETRAN_ASSIGN(auto client, ProgramClient::start(options_));
    EDGETRAN_ASSIGN(const auto reply,
                    client->call("describe", Json::object(), {}, options_.answer_timeout_s));
    return expect(options_.name, read_info(options_.name, reply.json));
  }

  ProgramOptions options_;
  mutable std::optional<RuntimeInfo> info_;
};

}  // namespace

std::unique_ptr<RuntimeFactory> make_factory(ProgramOptions options) {
  return std::make_unique<ProgramFactory>(std::move(options));
}

base::Result<ProgramOptions> read_program(const std::string& text) {
  const auto wrong = [&](const char* what) {
    return base::fail(ErrorCategory::kUsage, fmt::format("\"{}\" {}", text, what),
                      "write NAME=COMMAND, as in onnxruntime=\"python3 onnxruntime_runtime.py\"");
  };
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return wrong("names no runtime");
  ProgramOptions options;
  options.name = text.substr(0, equals);
  if (options.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") !=
      std::string::npos) {
    return wrong("has a name with other characters than a-z, 0-9, - and _");
  }
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : text.substr(equals + 1)) {
    if (quote != 0 ? c == quote : (c == '\'' || c == '"')) {
      quote = quote != 0 ? 0 : c;
      in_word = true;
    } else if (quote == 0 && c == ' ') {
      if (in_word) options.command.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return wrong("has an open quote");
  if (in_word) options.command.push_back(word);
  if (options.command.empty()) return wrong("names no command");
  return options;
}

}  // namespace edgetran::profile::program
