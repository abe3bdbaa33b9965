#include "train/torch/run_kinds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/version.h"
#include "train/metrics.h"
#include "train/torch/device.h"
#include "train/torch/distillation.h"
#include "train/torch/evaluate.h"
#include "train/torch/trainer.h"
#include "train/torch/worker.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

bool pretrains(const TrainJob& job) { return job.kind == JobKind::kPretrain; }

/// Hash of all that decides the numbers of a training: what until_tokens, threads, device, paths
/// and intervals of time do not.
base::Result<std::string> fingerprint_of(const TrainJob& job, const Model& model) {
  TrainSettings settings = job.settings;
  settings.log_interval_s = TrainSettings{}.log_interval_s;
  settings.checkpoint_interval_s = TrainSettings{}.checkpoint_interval_s;
  base::Json json = {{"kind", job_kind_name(job.kind)},
                     {"spec", space::model_spec_json(model.info.spec)},
                     {"settings", train_settings().write(settings)},
                     {"seed", job.seed},
                     {"tokens", job.tokens},
                     {"epochs", job.epochs},
                     {"precision", precision_name(job.precision)}};
  EDGETRAN_ASSIGN(json["train"], base::sha256_file(job.train));
  if (job.settings.patience > 0) {
    EDGETRAN_ASSIGN(json["dev"], base::sha256_file(job.dev));
  }
  if (std::filesystem::is_directory(job.model)) {
    EDGETRAN_ASSIGN(json["weights"], base::sha256_file(job.model / weights::kWeightsFile));
  }
  if (!job.teacher.empty()) {
    EDGETRAN_ASSIGN(json["teacher"], base::sha256_file(job.teacher / weights::kWeightsFile));
  }
  return base::sha256_hex(base::canonical_json(json));
}

/// The history of the source with this job at its end; no clock readings, so that a resumed run
/// writes what an uninterrupted one does.
base::Json extend_history(const base::Json& history, const TrainJob& job,
                          const data::TokenFile& file, const TrainResult& result) {
  base::Json extended = history.is_object() ? history : base::Json::object();
  base::Json& jobs = extended["jobs"];
  if (!jobs.is_array()) jobs = base::Json::array();
  base::Json entry = {{"kind", job_kind_name(job.kind)},
                      {"program", fmt::format("edgetran {}", base::kVersion)},
                      {"engine", "libtorch " + engine_version()},
                      {"data", file.info().origin},
                      {"settings", train_settings().write(job.settings)},
                      {"seed", job.seed},
                      {"precision", precision_name(job.precision)},
                      {"steps", result.steps},
                      {"tokens", result.tokens},
                      {"loss", result.loss},
                      {"metrics", result.metrics}};
  if (result.best_step > 0) entry["best_step"] = result.best_step;
  if (result.rollbacks > 0) entry["rollbacks"] = result.rollbacks;
  if (!job.teacher.empty()) entry["teacher"] = job.teacher.filename().string();
  jobs.push_back(std::move(entry));
  return extended;
}

base::Result<Target> target_of(const TrainJob& job, const data::TokenFile& file) {
  Target target;
  target.hidden_states = !job.teacher.empty() && job.settings.hidden_weight > 0;
  if (!pretrains(job)) {
    EDGETRAN_ASSIGN(target.labels, count_outputs(file, job.train));
    target.label_names = file.info().label_names;
    return target;
  }
  target.head = encoder::TaskHead::kMaskedLanguageModel;
  if (file.info().kind == data::Kind::kText) return target;
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("{} holds labelled rows, not plain text", job.train.string()),
                    "prepare the text without labels for pre-training");
}

/// The dev file, checked against what is trained on.
base::Result<data::TokenFile> open_dev(const TrainJob& job, const Model& model, data::Kind kind) {
  EDGETRAN_ASSIGN(auto file, data::TokenFile::open(job.dev));
  if (file.info().kind != kind ||
      (!model.info.label_names.empty() && file.info().label_names != model.info.label_names)) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} does not have the labels of the model: kind {}, {} labels",
                                  job.dev.string(), data::kind_name(file.info().kind),
                                  file.info().label_names.size()),
                      "prepare both files together, from one data set");
  }
  const bool text = kind == data::Kind::kText;
  EDGETRAN_TRY(check_fit(model, file, text ? job.settings.length : file.longest_row(), job.dev));
  return file;
}

base::Status check_stop_metric(const TrainJob& job, data::Kind kind) {
  if (job.settings.patience == 0) return {};
  const std::vector<std::string> names = metric_names(kind);
  for (const std::string& name : names) {
    if (name == job.settings.stop_metric || name == "valid_" + job.settings.stop_metric) return {};
  }
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("stop_metric is '{}'; this task's metrics are: {}",
                                job.settings.stop_metric, fmt::join(names, ", ")),
                    "name one of them");
}

EvaluateOptions evaluate_options(const TrainJob& job) {
  EvaluateOptions options;
  options.precision = job.precision;
  options.length = job.settings.length;
  options.mask_share = job.settings.mask_share;
  return options;
}

/// The metrics of the weights that are handed over, with their predictions.
base::Result<base::Json> final_metrics(const JobContext& context, const Model& model,
                                       std::span<const at::Tensor> parameters,
                                       const data::TokenFile& dev) {
  EvaluateOptions options = evaluate_options(context.job);
  options.predictions = context.job.predictions;
  EDGETRAN_ASSIGN(base::Json metrics, evaluate(model, parameters, dev, options, context.cancel));
  context.events.emit(evaluated_event(metrics));
  return metrics;
}

base::Result<Model> load_student(const JobContext& context, const data::TokenFile& file) {
  const TrainJob& job = context.job;
  EDGETRAN_ASSIGN(const Target target, target_of(job, file));
  EDGETRAN_ASSIGN(Model model, load_for_training(job.model, target, job.seed));
  context.size.parameters = model.weights.element_count();
  context.size.longest = pretrains(job) ? job.settings.length : file.longest_row();
  EDGETRAN_TRY(check_fit(model, file, context.size.longest, job.train));
  if (!job.vocabulary.empty()) {
    EDGETRAN_ASSIGN(model.vocabulary, base::read_file(job.vocabulary));
    model.info.tokenizer = weights::tokenizer_file_name(job.vocabulary);
  }
  return model;
}

/// What is learned: the task, and the teacher where there is one.
base::Result<std::unique_ptr<Objective>> make_objective(const JobContext& context,
                                                        const Model& model,
                                                        const data::TokenFile& file,
                                                        at::Device device) {
  const TrainJob& job = context.job;
  std::unique_ptr<Objective> task;
  if (pretrains(job)) {
    task = make_pretrain_objective(job, model.graph, file, device);
  } else {
    EDGETRAN_ASSIGN(task, make_finetune_objective(job, model.graph, file, device));
  }
  if (job.teacher.empty()) return task;
  EDGETRAN_ASSIGN(Model teacher, load_teacher(job, model, file, context.size.longest));
  return make_distilled_objective(job, std::move(task), model, std::move(teacher), device);
}

}  // namespace

base::Result<TrainResult> run_training(const JobContext& context) {
  const TrainJob& job = context.job;
  EDGETRAN_ASSIGN(const at::Device device, find_device(job.device));
  EDGETRAN_ASSIGN(const auto file, data::TokenFile::open(job.train));
  EDGETRAN_ASSIGN(Model model, load_student(context, file));
  std::optional<data::TokenFile> dev;
  if (!job.dev.empty()) {
    EDGETRAN_ASSIGN(dev, open_dev(job, model, file.info().kind));
    EDGETRAN_TRY(check_stop_metric(job, file.info().kind));
  }
  EDGETRAN_ASSIGN(const auto objective, make_objective(context, model, file, device));
  EDGETRAN_ASSIGN(const std::string fingerprint, fingerprint_of(job, model));
  TrainerContext with{.events = context.events,
                      .cancel = context.cancel,
                      .clock = context.clock,
                      .fingerprint = fingerprint,
                      .device = device,
                      .begin = [&]() -> base::Result<weights::Weights> {
                        EDGETRAN_ASSIGN(Model again, load_student(context, file));
                        return std::move(again.weights);
                      }};
  if (dev) {
    with.evaluate = [&](std::span<const at::Tensor> parameters) {
      return evaluate(model, parameters, *dev, evaluate_options(job), context.cancel);
    };
  }
  Trainer trainer(job, model, *objective, with);
  EDGETRAN_ASSIGN(TrainResult result, trainer.run());
  if (dev) {
    EDGETRAN_ASSIGN(result.metrics, final_metrics(context, model, trainer.parameters(), *dev));
  }
  model.info.history = extend_history(model.info.history, job, file, result);
  const auto parameters = trainer.parameters();
  const auto trained = on_host({parameters.begin(), parameters.end()});
  EDGETRAN_TRY(weights::write_model_folder(job.out, model.info, model.graph,
                                           to_weights(model.graph, trained), model.vocabulary));
  result.model = job.out;
  return result;
}

base::Result<TrainResult> run_evaluation(const JobContext& context) {
  const TrainJob& job = context.job;
  EDGETRAN_ASSIGN(const at::Device device, find_device(job.device));
  EDGETRAN_ASSIGN(const Model model, load_trained(job.model));
  context.size.parameters = model.weights.element_count();
  if (model.info.labels == 0 && !model.info.mlm) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} has no task head to evaluate", job.model.string()),
                      "fine-tune it first");
  }
  const data::Kind kind = model.info.mlm           ? data::Kind::kText
                          : model.info.labels == 1 ? data::Kind::kRegression
                                                   : data::Kind::kClassification;
  EDGETRAN_ASSIGN(const auto dev, open_dev(job, model, kind));
  TrainResult result;
  EDGETRAN_ASSIGN(
      result.metrics,
      final_metrics(context, model, on_device(to_tensors(model.weights, false), device), dev));
  return result;
}

}  // namespace edgetran::train::torch_engine
