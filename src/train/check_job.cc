#include <fmt/format.h>

#include "train/class_weights.h"
#include "train/job.h"

namespace edgetran::train {
namespace {

using base::ErrorCategory;

base::Status refuse(const std::string& message, const std::string& hint) {
  return base::fail(ErrorCategory::kUsage, message, hint);
}

base::Status check_stopping(const TrainJob& job) {
  const TrainSettings& settings = job.settings;
  if (settings.patience > 0 && job.dev.empty()) {
    return refuse(
        fmt::format("patience is {}, but there are no dev rows to evaluate on", settings.patience),
        "give dev data, or patience 0 for no early stopping");
  }
  if (settings.evaluation_interval > 0 && job.dev.empty()) {
    return refuse(fmt::format("evaluation_interval is {} steps, but there are no dev rows",
                              settings.evaluation_interval),
                  "give dev data, or evaluation_interval 0");
  }
  if (settings.patience == 0 && settings.stop_metric != TrainSettings{}.stop_metric) {
    return refuse(fmt::format("stop_metric is '{}', but patience is 0: nothing stops early",
                              settings.stop_metric),
                  "give patience, the number of evaluations to wait for a better one");
  }
  return {};
}

base::Status check_distillation(const TrainJob& job) {
  const TrainSettings& settings = job.settings;
  const TrainSettings defaults;
  if (!job.teacher.empty()) {
    if (settings.distillation_weight > 0 || settings.hidden_weight > 0) return {};
    return refuse(fmt::format("nothing is learned from the teacher {}: distillation_weight and "
                              "hidden_weight are 0",
                              job.teacher.string()),
                  "raise one of them, or leave the teacher out");
  }
  const char* asked = nullptr;
  double value = 0;
  if (settings.hidden_weight != defaults.hidden_weight) {
    asked = "hidden_weight";
    value = settings.hidden_weight;
  } else if (settings.distillation_weight != defaults.distillation_weight) {
    asked = "distillation_weight";
    value = settings.distillation_weight;
  } else if (settings.distillation_temperature != defaults.distillation_temperature) {
    asked = "distillation_temperature";
    value = settings.distillation_temperature;
  }
  if (asked == nullptr) return {};
  return refuse(fmt::format("{} is {}, but there is no teacher", asked, value),
                "give teacher, a model folder with the same vocabulary");
}

}  // namespace

base::Status check_job(const TrainJob& job) {
  if (job.kind != JobKind::kPretrain && job.kind != JobKind::kFinetune) return {};
  const TrainSettings& settings = job.settings;
  EDGETRAN_TRY(check_class_weights(settings.class_weights));
  if (job.kind == JobKind::kPretrain && settings.class_weights != "none") {
    return refuse(fmt::format("class_weights is '{}', but pre-training has no classes",
                              settings.class_weights),
                  "leave it out, or fine-tune on labelled rows");
  }
  if (settings.accumulation > settings.batch) {
    return refuse(fmt::format("accumulation is {}, but a step has {} rows to cut into pieces",
                              settings.accumulation, settings.batch),
                  "accumulation is at most batch");
  }
  EDGETRAN_TRY(check_stopping(job));
  return check_distillation(job);
}

}  // namespace edgetran::train
