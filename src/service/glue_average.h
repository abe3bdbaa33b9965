#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::service {

/// GLUE's average over results of finetune or evaluate (each the JSON of one task): a task's score
/// is the mean of its metrics, the average the mean of the tasks' scores. Gives
/// {"glue_average", "glue_average_without_wnli" (both null where no task is in it), "tasks"
/// [{"task", "score", the metrics, "subsets"}] in GLUE's order, "missing" tasks, "subsets": tasks
/// whose data were only a part, "complete": all nine tasks on whole data with all their metrics}.
/// The average without WNLI is there because publications leave that task out (its dev set is
/// adversarial). Errors name the result: no GLUE task, a task twice, a metric missing or no number
/// in [-1, 1].
base::Result<base::Json> glue_average(const std::vector<base::Json>& results,
                                      const std::vector<std::string>& names);

}  // namespace edgetran::service
