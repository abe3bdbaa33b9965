#include "service/study/study_metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "data/glue_tasks.h"
#include "service/study/study_task.h"
#include "service/training_data.h"
#include "store/study_view.h"
#include "train/metrics.h"

namespace edgetran::service {

namespace {

/// The GLUE task that is named, or null.
const data::GlueTask* glue_task(const TaskConfig& task) {
  if (task.task.empty()) return nullptr;
  const auto found = data::find_glue_task(task.task);
  return found ? *found : nullptr;
}

/// Metrics of training, without the count of rows, which no encoder changes.
std::vector<std::string> training_metrics(const TaskConfig& task) {
  auto names = train::metric_names(task_kind(task));
  std::erase(names, "rows");
  return names;
}

/// "STS-B has scores": why a metric may not be there.
std::string carries(const TaskConfig& task) {
  const auto* glue = glue_task(task);
  return fmt::format("{} has {}", glue != nullptr ? glue->name : "the task",
                     task_kind(task) == data::Kind::kRegression ? "scores" : "classes");
}

}  // namespace

data::Kind task_kind(const TaskConfig& task) {
  if (const auto* glue = glue_task(task)) return glue->kind;
  return task.label_kind == "score" ? data::Kind::kRegression : data::Kind::kClassification;
}

std::string task_metric(const TaskConfig& task) {
  if (const auto* glue = glue_task(task)) return glue->metrics.front();
  return task_kind(task) == data::Kind::kRegression ? "pearson" : "accuracy";
}

std::vector<std::string> study_metrics(const TaskConfig& task) {
  auto names = training_metrics(task);
  for (auto& name : store::hardware_metric_names()) names.push_back(std::move(name));
  return names;
}

base::Status check_study_metric(const base::ConfigValue& name, const TaskConfig& task) {
  EDGETRAN_ASSIGN(const std::string text, name.as_string());
  const auto known = study_metrics(task);
  if (std::ranges::find(known, text) != known.end()) return {};
  const auto nearest = base::nearest_name(text, known);
  return base::fail(name.error(
      fmt::format("{} is no figure of this study; {}", base::in_quotes(text), carries(task)),
      (nearest ? fmt::format("did you mean '{}'? ", *nearest) : "") +
          "allowed: " + base::join_words(known, "or")));
}

base::Status check_stop_metric(const base::ConfigValue& at, const std::string& metric,
                               const TaskConfig& task) {
  const auto known = training_metrics(task);
  if (std::ranges::find(known, metric) != known.end()) return {};
  return base::fail(at.error(fmt::format("stop_metric {} is not measured on dev; {}",
                                         base::in_quotes(metric), carries(task)),
                             "allowed: " + base::join_words(known, "or")));
}

base::Json data_json(const TaskConfig& task, const data::DataSource& source) {
  base::Json json = {{"label_kind", task_kind(task) == data::Kind::kRegression ? "score" : "class"},
                     {"metric", task_metric(task)},
                     {"scored_on", test_split(source)}};
  const auto subsets = source.subsets();
  if (subsets.empty()) return json;
  json["subsets"] = subsets;
  json["note"] = subset_note(subsets);
  return json;
}

}  // namespace edgetran::service
