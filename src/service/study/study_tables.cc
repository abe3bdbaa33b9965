#include "service/study/study_tables.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "report/quality.h"
#include "search/hypervolume.h"
#include "search/pareto.h"

namespace edgetran::service {

namespace {

using base::Json;

std::vector<Column> pair_columns(const store::StudyView& view) {
  const auto quality = report::study_quality(view);
  std::vector<Column> columns = {
      {"trial", "trial", Shown::kCount},
      {"device", "device", Shown::kPlain},
      {quality.name, quality.title, quality.share ? Shown::kPercent : Shown::kNumber},
      {"latency_s", "latency", Shown::kSeconds},
      {"latency_low_s", "95 % low", Shown::kSeconds},
      {"latency_high_s", "high", Shown::kSeconds},
      {"parameters", "parameters", Shown::kCount},
      {"tokens", "tokens", Shown::kCount},
      {"state", "state", Shown::kPlain},
      {"kind", "kind", Shown::kPlain},
      {"verdict", "verdict", Shown::kPlain},
      {"front", "front", Shown::kPlain}};
  if (!report::study_subsets(view).empty()) columns.push_back({"subset", "subset", Shown::kPlain});
  return columns;
}

Json pair_row(const StudyPair& pair) {
  const auto& trial = *pair.trial;
  Json row = {{"trial", trial.trial},
              {"device", pair.measurement->device},
              {"state", trial.state},
              {"spec_hash", trial.spec_hash}};
  for (const auto& [name, value] : pair.metrics) row[name] = value;
  row["parameters"] = trial.parameters;
  row["flops"] = trial.flops;
  if (const auto* rung = store::last_rung(trial)) {
    row["rung"] = rung->rung;
    row["tokens"] = rung->tokens;
  }
  for (const char* key : {"kind", "verdict"})
    if (pair.measurement->record.contains(key)) row[key] = pair.measurement->record.at(key);
  row["feasible"] = pair.feasible;
  row["front"] = pair.on_front ? "yes" : "";
  row["spec"] = trial.spec;
  return row;
}

void mark_front(const search::Problem& problem, std::vector<StudyPair>& pairs) {
  std::vector<search::Costs> costs;
  std::vector<size_t> indices;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!pairs[i].feasible) continue;
    auto values = problem.costs(pairs[i].metrics);
    if (!values) continue;  // not trained yet, or nothing measured
    costs.push_back(std::move(*values));
    indices.push_back(i);
  }
  for (const size_t k : search::non_dominated(costs)) pairs[indices[k]].on_front = true;
}

}  // namespace

search::Problem study_problem(const store::StudyView& view) {
  search::Problem problem;
  for (const auto& objective : view.objectives)
    problem.objectives.push_back(
        {objective.name, objective.unit,
         objective.maximize ? search::Goal::kMaximize : search::Goal::kMinimize});
  for (const auto& constraint : view.constraints)
    problem.constraints.push_back({constraint.name, constraint.min, constraint.max});
  return problem;
}

std::vector<StudyPair> study_pairs(const store::StudyView& view) {
  const auto problem = study_problem(view);
  std::vector<StudyPair> pairs;
  for (const auto& trial : view.trials) {
    for (const auto& measurement : trial.measurements) {
      StudyPair pair{.trial = &trial,
                     .measurement = &measurement,
                     .metrics = store::pair_metrics(trial, measurement.device)};
      pair.feasible = problem.broken(pair.metrics) == nullptr;
      pairs.push_back(std::move(pair));
    }
  }
  mark_front(problem, pairs);
  return pairs;
}

Reply pairs_reply(const store::StudyView& view, bool front_only) {
  Reply reply{.data = Json::array(), .columns = pair_columns(view), .text = {}, .outcome = {}};
  const auto subsets = report::study_subsets(view);
  for (const auto& pair : study_pairs(view)) {
    if (front_only && !pair.on_front) continue;
    Json row = pair_row(pair);
    if (!subsets.empty()) {
      row["subset"] = base::join_words(subsets);
      row["note"] = report::subset_note(view);
    }
    reply.data.push_back(std::move(row));
  }
  return reply;
}

Json hypervolume_json(const store::StudyView& view) {
  const auto problem = study_problem(view);
  search::Costs reference(problem.objectives.size(), 0.0);
  std::vector<search::Costs> front;
  bool any = false;
  for (const auto& pair : study_pairs(view)) {
    const auto costs = problem.costs(pair.metrics);
    if (!costs) continue;
    for (size_t i = 0; i < reference.size(); ++i)
      if (problem.objectives[i].goal == search::Goal::kMinimize)
        reference[i] = any ? std::max(reference[i], (*costs)[i]) : (*costs)[i];
    any = true;
    if (pair.on_front) front.push_back(*costs);
  }
  Json at = Json::object();
  for (size_t i = 0; i < reference.size(); ++i) at[problem.objectives[i].name] = reference[i];
  return {{"value", front.empty() ? 0.0 : search::hypervolume(front, reference)},
          {"reference", at}};
}

Reply status_reply(const store::StudyView& view) {
  std::map<std::string, int64_t> states;
  std::map<int64_t, int64_t> rungs;
  int64_t measurements = 0;
  for (const auto& trial : view.trials) {
    ++states[trial.state];
    measurements += static_cast<int64_t>(trial.measurements.size());
    for (const auto& rung : trial.rungs) ++rungs[rung.rung];
  }
  Reply reply;
  reply.data = {{"name", view.name},
                {"seed", view.seed},
                {"finished", view.finished},
                {"trials", view.trials.size()},
                {"devices", view.devices.size()},
                {"measurements", measurements},
                {"metric", report::study_quality(view).name}};
  if (const auto subsets = report::study_subsets(view); !subsets.empty()) {
    reply.data["subsets"] = subsets;
    reply.data["note"] = report::subset_note(view);
  }
  for (const auto& [state, count] : states) reply.data["trials_" + state] = count;
  for (const auto& [rung, count] : rungs)
    reply.data["trained_to_rung_" + std::to_string(rung)] = count;
  reply.data["hypervolume"] = hypervolume_json(view).at("value");
  if (!view.notes.empty()) reply.data["notes"] = view.notes;
  return reply;
}

}  // namespace edgetran::service
