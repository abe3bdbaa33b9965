#include "report/page_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/clock.h"
#include "report/evaluations.h"
#include "report/facts.h"
#include "report/handover.h"
#include "report/quality.h"

namespace edgetran::report {

namespace {

using base::Json;

// Six significant digits: ten times finer than the best interval, and half the bytes.
Json rounded(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  return std::strtod(fmt::format("{:.6g}", *value).c_str(), nullptr);
}

Json metric_json(const store::Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? Json(nullptr) : rounded(found->second);
}

Json pairs_json(const std::vector<Fact>& facts) {
  Json list = Json::array();
  for (const auto& [name, value] : facts) list.push_back(Json::array({name, value}));
  return list;
}

int64_t integer_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

/// Heads counted by type in order of first appearance.
Json heads_json(const Json& layer) {
  Json counted = Json::array();
  if (!layer.contains("heads")) return counted;
  for (const Json& head : layer["heads"]) {
    auto same = std::find_if(counted.begin(), counted.end(),
                             [&](const Json& entry) { return entry[0] == head; });
    if (same == counted.end())
      counted.push_back(Json::array({head, 1}));
    else
      (*same)[1] = (*same)[1].get<int64_t>() + 1;
  }
  return counted;
}

/// Runs of equal layers folded into one with `repeat`.
Json layers_json(const Json& spec) {
  Json folded = Json::array();
  if (!spec.is_object() || !spec.contains("layers")) return folded;
  for (const Json& layer : spec["layers"]) {
    if (!layer.is_object()) continue;
    Json entry = {{"repeat", 1},
                  {"width", integer_member(layer, "width")},
                  {"head_width", integer_member(layer, "head_width")},
                  {"heads", heads_json(layer)},
                  {"feed_forward", layer.value("feed_forward", Json::array())}};
    if (!folded.empty()) {
      Json& last = folded.back();
      entry["repeat"] = last["repeat"];
      if (entry == last) {
        last["repeat"] = last["repeat"].get<int64_t>() + 1;
        continue;
      }
      entry["repeat"] = 1;
    }
    folded.push_back(std::move(entry));
  }
  return folded;
}

Json rungs_json(const store::TrialView& trial, const std::string& quality) {
  Json rungs = Json::array();
  for (const store::RungView& rung : trial.rungs) {
    rungs.push_back({{"tokens", rung.tokens},
                     {"quality", metric_json(rung.metrics, quality)},
                     {"loss", metric_json(rung.metrics, "loss")},
                     {"seconds", rounded(rung.seconds)}});
  }
  return rungs;
}

Json encoder_json(const store::TrialView& trial, const std::string& quality) {
  const bool object = trial.spec.is_object();
  Json layers = layers_json(trial.spec);
  int64_t embedding = object ? integer_member(trial.spec, "embedding") : 0;
  if (embedding == 0 && !layers.empty()) embedding = layers[0]["width"].get<int64_t>();
  std::string position =
      object && trial.spec.contains("position") && trial.spec["position"].is_string()
          ? trial.spec["position"].get<std::string>()
          : "absolute";
  std::replace(position.begin(), position.end(), '_', '-');
  return {{"trial", trial.trial},
          {"state", trial.state},
          {"reason", trial.reason},
          {"parameters", trial.parameters},
          {"flops", trial.flops},
          {"embedding", embedding},
          {"position", std::move(position)},
          {"layers", std::move(layers)},
          {"rungs", rungs_json(trial, quality)}};
}

Json evaluations_json(const std::vector<Evaluation>& evaluations) {
  Json columns = Json::object();
  const auto column = [&](const char* name, auto value_of) {
    Json values = Json::array();
    for (const Evaluation& one : evaluations) values.push_back(value_of(one));
    columns[name] = std::move(values);
  };
  column("encoder", [](const Evaluation& one) { return one.trial; });
  column("device", [](const Evaluation& one) { return one.device; });
  column("kind", [](const Evaluation& one) { return one.kind; });
  column("quality", [](const Evaluation& one) { return rounded(one.quality.value); });
  column("quality_low", [](const Evaluation& one) { return rounded(one.quality.low); });
  column("quality_high", [](const Evaluation& one) { return rounded(one.quality.high); });
  column("latency_s", [](const Evaluation& one) { return rounded(one.latency_s.value); });
  column("latency_low_s", [](const Evaluation& one) { return rounded(one.latency_s.low); });
  column("latency_high_s", [](const Evaluation& one) { return rounded(one.latency_s.high); });
  column("memory_bytes", [](const Evaluation& one) { return rounded(one.memory_bytes); });
  column("energy_j", [](const Evaluation& one) { return rounded(one.energy_j); });
  column("front", [](const Evaluation& one) { return one.front; });
  return columns;
}

Json recommended_json(const store::StudyView& study, const ReportOptions& options,
                      const std::vector<Evaluation>& evaluations, const Quality& quality) {
  const auto index = recommended_of(study, evaluations);
  if (!index) return nullptr;
  const Evaluation& pair = evaluations[*index];
  const Json& told = study.result["recommended"];
  Json handed_over = Json::array(), commands = Json::array(), test_quality;
  for (const store::DeployedView& deployed : study.deployed) {
    if (deployed.trial != study.trials[pair.trial].trial ||
        deployed.device != study.devices[pair.device].name)
      continue;
    handed_over = pairs_json(handover_facts(deployed, quality, scored_rows(study)));
    test_quality = metric_json(deployed.metrics, "test_" + quality.name);
  }
  for (const Command& command : options.commands)
    commands.push_back(Json::array({command.title, command.line}));
  const bool reasoned = told.contains("reason") && told["reason"].is_string();
  return {{"evaluation", *index},
          {"reason", reasoned ? told["reason"] : Json("")},
          {"test_quality", std::move(test_quality)},
          {"handed_over", std::move(handed_over)},
          {"commands", std::move(commands)}};
}

Json baselines_json(const store::StudyView& study, const std::string& quality) {
  Json baselines = Json::array();
  for (const store::BaselineView& one : study.baselines) {
    std::string rows;
    for (const auto& [name, value] : flatten(one.rows))
      rows +=
          fmt::format("{}{}{}{}", rows.empty() ? "" : ", ", name, name.empty() ? "" : " ", value);
    baselines.push_back({{"name", one.name},
                         {"quality", metric_json(one.metrics, quality)},
                         {"rows", std::move(rows)}});
  }
  return baselines;
}

Json devices_json(const store::StudyView& study) {
  Json devices = Json::array();
  for (const store::DeviceView& device : study.devices) {
    std::vector<Fact> facts;
    if (device.card.is_object()) facts = flatten(device.card);
    std::erase_if(facts, [](const Fact& fact) { return fact.first == "name"; });
    devices.push_back({{"name", device.name}, {"facts", pairs_json(facts)}});
  }
  return devices;
}

}  // namespace

Json page_data(const store::StudyView& study, const ReportOptions& options) {
  const Quality quality = study_quality(study);
  const std::vector<Evaluation> evaluations = evaluations_of(study);
  Json encoders = Json::array(), facts = Json::array(), problems = Json::array();
  for (const store::TrialView& trial : study.trials)
    encoders.push_back(encoder_json(trial, quality.name));
  for (const FactGroup& group : study_facts(study))
    facts.push_back({{"title", group.title}, {"rows", pairs_json(group.rows)}});
  for (const auto& [what, reason] : study_problems(study))
    problems.push_back({{"what", what}, {"reason", reason}});
  return {{"format", "edgetran.page/1"},
          {"program", options.program},
          {"study",
           {{"name", study.name},
            {"seed", std::to_string(study.seed)},
            {"finished", study.finished},
            {"created", base::iso_time(study.created_s)},
            {"seconds", rounded(study.updated_s - study.created_s)}}},
          {"quality",
           {{"name", quality.name},
            {"title", quality.title},
            {"share", quality.share},
            {"bounded", quality.bounded},
            {"scored_on", scored_rows(study)},
            {"subset_note", subset_note(study)}}},
          {"devices", devices_json(study)},
          {"encoders", std::move(encoders)},
          {"evaluations", evaluations_json(evaluations)},
          {"baselines", baselines_json(study, quality.name)},
          {"recommended", recommended_json(study, options, evaluations, quality)},
          {"facts", std::move(facts)},
          {"problems", std::move(problems)},
          {"notes", study.notes}};
}

}  // namespace edgetran::report
