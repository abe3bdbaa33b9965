#include "service/study/study_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "service/json_difference.h"
#include "store/study_events.h"
#include "store/study_view.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;
using base::Status;
using search::Outcome;
using search::Work;

constexpr std::array<std::pair<Work::Kind, const char*>, 3> kKinds = {
    {{Work::Kind::kDescribe, "describe"},
     {Work::Kind::kMeasure, "measure"},
     {Work::Kind::kTrain, "train"}}};

const search::Trial* find_trial(const search::Method& method, int64_t id) {
  const auto& trials = method.trials();
  return id >= 1 && id <= static_cast<int64_t>(trials.size()) ? &trials[static_cast<size_t>(id - 1)]
                                                              : nullptr;
}

Work train_work(const Json& payload) {
  return {.kind = Work::Kind::kTrain,
          .trial = payload.at("trial").get<int64_t>(),
          .device = {},
          .rung = payload.at("rung").get<int64_t>(),
          .from_tokens = payload.value("from_tokens", int64_t{0}),
          .to_tokens = payload.value("to_tokens", int64_t{0})};
}

search::Metrics metrics_of(const Json& object) {
  search::Metrics metrics;
  for (const auto& [key, value] : object.items())
    if (value.is_number()) metrics[key] = value.get<double>();
  return metrics;
}

Status replay_state(const Json& payload, search::Method& method) {
  const auto id = payload.at("trial").get<int64_t>();
  if (payload.value("retry", false)) return method.retry(id);
  if (!payload.contains("work")) return {};
  EDGETRAN_ASSIGN(const Work work, read_work(payload.at("work"), id));
  return method.tell(work, {.kind = Outcome::Kind::kFailed,
                            .metrics = {},
                            .reason = payload.value("reason", std::string())});
}

}  // namespace

Json work_json(const Work& work) {
  const auto* kind =
      std::ranges::find(kKinds, work.kind, &std::pair<Work::Kind, const char*>::first);
  return {{"kind", kind->second},
          {"device", work.device},
          {"rung", work.rung},
          {"from_tokens", work.from_tokens},
          {"to_tokens", work.to_tokens}};
}

Result<Work> read_work(const Json& json, int64_t trial) {
  const auto name = json.value("kind", std::string());
  for (const auto& [kind, text] : kKinds)
    if (name == text)
      return Work{.kind = kind,
                  .trial = trial,
                  .device = json.value("device", std::string()),
                  .rung = json.value("rung", int64_t{0}),
                  .from_tokens = json.value("from_tokens", int64_t{0}),
                  .to_tokens = json.value("to_tokens", int64_t{0})};
  return base::fail(ErrorCategory::kCorrupt, fmt::format("unknown kind of work '{}'", name));
}

Status replay_event(const store::StoredEvent& event, search::Method& method) {
  const Json& payload = event.payload;
  if (event.type == store::kTrialState) return replay_state(payload, method);
  const bool created = event.type == store::kTrialCreated;
  const bool measured = event.type == store::kTrialMeasured;
  const bool trained = event.type == store::kTrialTrained;
  if (!created && !measured && !trained) return {};
  const auto id = payload.at("trial").get<int64_t>();
  const auto* subject = find_trial(method, id);
  if (subject == nullptr ||
      (created && subject->spec_hash != payload.at("spec_hash").get<std::string>()))
    return base::fail(
        ErrorCategory::kCorrupt,
        fmt::format("line {}: trial {} is not one that this search would make", event.line, id),
        "the study's log was changed, or the program draws encoders differently now");
  if (created) {
    const auto parameters = payload.at("parameters").get<double>();
    if (parameters == 0) return {};  // could not be built: a failure event follows
    return method.tell(
        {.kind = Work::Kind::kDescribe, .trial = id},
        {.metrics = {{"parameters", parameters}, {"flops", payload.at("flops").get<double>()}}});
  }
  if (measured)
    return method.tell({.kind = Work::Kind::kMeasure, .trial = id, .device = payload.at("device")},
                       {.metrics = store::record_metrics(payload.at("record"))});
  return method.tell(train_work(payload), {.metrics = metrics_of(payload.at("metrics"))});
}

Status check_same_study(const Json& created, const Json& config, const Json& devices,
                        const std::string& folder) {
  const std::string hint =
      "run it with the same study file, or start a new study with another --out";
  const auto difference = first_difference(created.at("config"), config, "");
  if (!difference.empty())
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("'{}' holds a study with another configuration: {}", folder, difference), hint);
  const auto moved = first_difference(created.at("devices"), devices, "devices");
  if (!moved.empty())
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("'{}' was measured on other devices: {}", folder, moved), hint);
  return {};
}

int64_t last_rung_tokens(const Json& search, int64_t tokens) {
  if (!search.contains("rungs") || !search.at("rungs").is_array()) return tokens;
  int64_t last = tokens;
  for (const auto& rung : search.at("rungs"))
    if (rung.is_number_integer()) last = std::max(last, rung.get<int64_t>());
  return last;
}

}  // namespace edgetran::service
