#include "service/glue_average.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/text.h"
#include "data/glue_tasks.h"

namespace edgetran::service {
namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

constexpr const char* kLeftOut = "WNLI";                  // by most publications
constexpr const char* kOptional = "accuracy_mismatched";  // MNLI's second dev set may not be there

struct TaskResult {
  Json row;
  double score = 0;
  bool whole = false;  // all metrics, on whole data
};

tl::unexpected<base::Error> unusable(const std::string& name, const std::string& what) {
  return base::fail(ErrorCategory::kUsage, fmt::format("{}: {}", name, what),
                    "give the JSON of `edgetran finetune` or `evaluate` with --task and "
                    "--format json");
}

Result<const data::GlueTask*> task_of(const Json& result, const std::string& name) {
  if (!result.is_object() || !result.contains("task") || !result.at("task").is_string())
    return unusable(name, "it is no result of a GLUE task (there is no \"task\")");
  const auto task = data::find_glue_task(result.at("task").get<std::string>());
  if (!task) return unusable(name, task.error().message);
  return *task;
}

Result<TaskResult> read_result(const data::GlueTask& task, const Json& result,
                               const std::string& name) {
  TaskResult read{.row = {{"task", task.name}}, .score = 0, .whole = true};
  int metrics = 0;
  for (const std::string& metric : task.metrics) {
    const auto found = result.find(metric);
    if (found == result.end() && metric == kOptional) {
      read.whole = false;
      continue;
    }
    if (found == result.end() || !found->is_number() || !(std::abs(found->get<double>()) <= 1))
      return unusable(name,
                      fmt::format("{} needs \"{}\", a number from -1 to 1", task.name, metric));
    read.row[metric] = *found;
    read.score += found->get<double>();
    ++metrics;
  }
  read.score /= metrics;
  read.row["score"] = read.score;
  const auto subsets = result.find("subsets");
  read.row["subsets"] = subsets == result.end() ? Json::array() : *subsets;
  read.whole = read.whole && read.row["subsets"].empty();
  return read;
}

/// The mean score of the tasks but `left_out`; null where there are none.
Json mean_score(const std::map<std::string, TaskResult>& results, const std::string& left_out) {
  double sum = 0;
  int count = 0;
  for (const auto& [task, result] : results) {
    if (task == left_out) continue;
    sum += result.score;
    ++count;
  }
  return count == 0 ? Json(nullptr) : Json(sum / count);
}

}  // namespace

Result<Json> glue_average(const std::vector<Json>& results, const std::vector<std::string>& names) {
  std::map<std::string, TaskResult> read;
  std::map<std::string, std::string> from;
  for (size_t i = 0; i < results.size(); ++i) {
    EDGETRAN_ASSIGN(const data::GlueTask* task, task_of(results[i], names[i]));
    if (const auto [first, added] = from.emplace(task->name, names[i]); !added)
      return unusable(names[i],
                      fmt::format("a result of {} is already in {}", task->name, first->second));
    EDGETRAN_ASSIGN(read[task->name], read_result(*task, results[i], names[i]));
  }
  Json tasks = Json::array();
  Json missing = Json::array();
  Json subsets = Json::array();
  bool complete = true;
  for (const data::GlueTask& task : data::glue_tasks()) {
    const auto found = read.find(task.name);
    if (found == read.end()) {
      missing.push_back(task.name);
      continue;
    }
    tasks.push_back(found->second.row);
    if (!found->second.row.at("subsets").empty()) subsets.push_back(task.name);
    complete = complete && found->second.whole;
  }
  return Json{{"glue_average", mean_score(read, "")},
              {"glue_average_without_wnli", mean_score(read, kLeftOut)},
              {"tasks", std::move(tasks)},
              {"complete", complete && missing.empty()},
              {"missing", std::move(missing)},
              {"subsets", std::move(subsets)}};
}

}  // namespace edgetran::service
