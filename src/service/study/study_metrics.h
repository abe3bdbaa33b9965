#pragma once

#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "data/source.h"
#include "service/study/study_config.h"

namespace edgetran::service {

/// Whether the rows of a task that was read carry classes or scores.
data::Kind task_kind(const TaskConfig& task);

/// The metric that a task stands for, by which its encoders are compared unless the study names
/// another: what GLUE reports first of its tasks, else accuracy of classes and Pearson's
/// correlation of scores. Larger is better.
std::string task_metric(const TaskConfig& task);

/// Figures that objectives and constraints of a study of the task can name: the metrics of
/// training, the encoder's size, and what is measured.
std::vector<std::string> study_metrics(const TaskConfig& task);

/// Ok where `name` is one of study_metrics(); else kUsage at its place, with them.
base::Status check_study_metric(const base::ConfigValue& name, const TaskConfig& task);

/// Ok where early stopping can watch `metric` on the task's rows.
base::Status check_stop_metric(const base::ConfigValue& at, const std::string& metric,
                               const TaskConfig& task);

/// What the stored configuration says of the data: {"label_kind", "metric", "scored_on" (the split
/// that the final model is scored on: "test", or "dev" where there is none)}, and for a task of
/// which some splits are only a part "subsets" and the "note" that every output shows.
base::Json data_json(const TaskConfig& task, const data::DataSource& source);

}  // namespace edgetran::service
