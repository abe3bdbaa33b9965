#include "profile/measure_request.h"

#include <algorithm>
#include <cctype>

#include "base/config.h"

namespace edgetran::profile {

namespace {

using base::ConfigMap;

constexpr int64_t kMaxThreads = 1024;
/// One that is slower says nothing of a measurement.
constexpr double kSlowestMeter_s = 60;
constexpr int64_t kMaxVocabulary = 4'000'000;

base::Result<std::string> require_string(ConfigMap& map, const std::string& key) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return value.as_string();
}

base::Result<std::string> optional_string(ConfigMap& map, const std::string& key,
                                          const std::string& fallback) {
  const auto value = map.find(key);
  if (!value) return fallback;
  return value->as_string();
}

base::Result<int64_t> require_integer(ConfigMap& map, const std::string& key, int64_t low,
                                      int64_t high) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  return value.as_integer(low, high);
}

base::Result<std::string> read_sha256(ConfigMap& map) {
  EDGETRAN_ASSIGN(const auto value, map.require("model"));
  EDGETRAN_ASSIGN(std::string text, value.as_string());
  const bool hex = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (text.size() != 64 || !hex) {
    return base::fail(value.error("a model is named by its SHA-256, 64 lower-case hex digits"));
  }
  return text;
}

base::Result<ModelCost> read_cost(const base::ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  ModelCost cost;
  EDGETRAN_ASSIGN(cost.flops, require_integer(map, "flops", 0, INT64_MAX));
  EDGETRAN_ASSIGN(cost.bytes_moved, require_integer(map, "bytes_moved", 0, INT64_MAX));
  EDGETRAN_TRY(map.finish());
  return cost;
}

/// "GPU.1": a name in the runtime's words, and nothing that could be taken for more.
base::Result<std::string> read_accelerator(ConfigMap& map) {
  constexpr size_t kLongest = 32;
  const auto value = map.find("accelerator");
  if (!value) return RunSettings().accelerator;
  EDGETRAN_ASSIGN(std::string name, value->as_string());
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_';
  });
  if (name.empty() || name.size() > kLongest || !plain) {
    return base::fail(
        value->error("an accelerator is named by up to 32 letters, digits, dots and "
                     "underscores"));
  }
  return name;
}

base::Status read_latency(ConfigMap& map, AgentMeasure& request) {
  EDGETRAN_ASSIGN(const std::string profile, optional_string(map, "profile", "quick"));
  EDGETRAN_ASSIGN(request.profile, find_profile(profile));
  EDGETRAN_ASSIGN(request.vocabulary, require_integer(map, "vocabulary", 1, kMaxVocabulary));
  EDGETRAN_ASSIGN(request.seed, require_integer(map, "seed", 0, INT64_MAX));
  if (const auto bytes = map.find("model_bytes")) {
    EDGETRAN_ASSIGN(request.model_bytes, bytes->as_integer(0, INT64_MAX));
  }
  if (const auto cost = map.find("cost")) {
    EDGETRAN_ASSIGN(request.cost, read_cost(*cost));
  }
  if (const auto environment = map.find("environment")) {
    EDGETRAN_TRY(ConfigMap::of(*environment).map([](const auto&) {}));
    request.environment = environment->to_json();
  }
  if (const auto update = map.find("meter_update_s")) {
    EDGETRAN_ASSIGN(request.meter_update_s, update->as_number(0, kSlowestMeter_s));
  }
  if (const auto resume = map.find("resume")) {
    EDGETRAN_ASSIGN(request.resume, resume->as_boolean());
  }
  return {};
}

base::Status read_settings(ConfigMap& map, AgentMeasure& request) {
  RunSettings& settings = request.settings;
  EDGETRAN_ASSIGN(const auto precision, map.require("precision"));
  EDGETRAN_ASSIGN(settings.precision, precision.as_choice({"fp32", "bf16", "fp16"}));
  EDGETRAN_ASSIGN(settings.accelerator, read_accelerator(map));
  EDGETRAN_ASSIGN(settings.threads, require_integer(map, "threads", 1, kMaxThreads));
  EDGETRAN_ASSIGN(settings.batch, require_integer(map, "batch", 1, kMaxBatch));
  EDGETRAN_ASSIGN(settings.length, require_integer(map, "length", 1, kMaxLength));
  if (const auto law = map.find("law")) {
    EDGETRAN_ASSIGN(settings.law, read_simulated_law(*law));
    request.law = simulated_law_json(*settings.law);
  }
  return {};
}

}  // namespace

base::Result<AgentMeasure> read_measure(const base::Json& body) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(base::ConfigValue::from_json(body, "measure")));
  AgentMeasure request;
  EDGETRAN_ASSIGN(const auto mode, map.require("mode"));
  EDGETRAN_ASSIGN(const std::string mode_name, mode.as_choice({"latency", "outputs", "convert"}));
  request.mode = mode_name == "latency"   ? AgentMeasure::Mode::kLatency
                 : mode_name == "outputs" ? AgentMeasure::Mode::kOutputs
                                          : AgentMeasure::Mode::kConvert;
  EDGETRAN_ASSIGN(request.model, read_sha256(map));
  EDGETRAN_ASSIGN(request.runtime, require_string(map, "runtime"));
  EDGETRAN_ASSIGN(request.device, optional_string(map, "device", ""));
  EDGETRAN_ASSIGN(request.deployment, optional_string(map, "deployment", ""));
  if (request.mode != AgentMeasure::Mode::kConvert) EDGETRAN_TRY(read_settings(map, request));
  if (request.mode == AgentMeasure::Mode::kLatency) EDGETRAN_TRY(read_latency(map, request));
  EDGETRAN_TRY(map.finish());
  return request;
}

}  // namespace edgetran::profile
