#include "train/torch/worker.h"

#include <fmt/format.h>
#include <malloc.h>
#include <torch/version.h>

#include <exception>
#include <new>
#include <utility>

#include "base/config.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/version.h"
#include "train/torch/evaluate.h"
#include "train/torch/infer.h"
#include "train/torch/trainer.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

struct Context {
  const TrainJob& job;
  base::EventSink& events;
  base::CancelToken cancel;
  base::Clock& clock;
};

EvaluateOptions evaluate_options(const TrainJob& job) {
  EvaluateOptions options;
  options.precision = job.precision;
  options.predictions = job.predictions;
  options.length = job.settings.length;
  options.mask_share = job.settings.mask_share;
  return options;
}

/// Hash of all that decides the numbers of a training: what until_tokens, threads, paths and
/// intervals do not.
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
  if (std::filesystem::is_directory(job.model)) {
    EDGETRAN_ASSIGN(json["weights"], base::sha256_file(job.model / weights::kWeightsFile));
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
  jobs.push_back({{"kind", job_kind_name(job.kind)},
                  {"program", fmt::format("edgetran {}", base::kVersion)},
                  {"engine", "libtorch " + engine_version()},
                  {"data", file.info().origin},
                  {"settings", train_settings().write(job.settings)},
                  {"seed", job.seed},
                  {"precision", precision_name(job.precision)},
                  {"steps", result.steps},
                  {"tokens", result.tokens},
                  {"loss", result.loss},
                  {"metrics", result.metrics}});
  return extended;
}

base::Result<Target> target_of(const TrainJob& job, const data::TokenFile& file) {
  Target target;
  if (job.kind == JobKind::kFinetune) {
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

base::Result<base::Json> evaluate_on_dev(const Context& context, const Model& model,
                                         std::span<const at::Tensor> parameters, data::Kind kind) {
  EDGETRAN_ASSIGN(const auto dev, open_dev(context.job, model, kind));
  EDGETRAN_ASSIGN(base::Json metrics,
                  evaluate(model, parameters, dev, evaluate_options(context.job), context.cancel));
  context.events.emit(evaluated_event(metrics));
  return metrics;
}

base::Result<TrainResult> train(const Context& context) {
  const TrainJob& job = context.job;
  EDGETRAN_ASSIGN(const auto file, data::TokenFile::open(job.train));
  EDGETRAN_ASSIGN(const Target target, target_of(job, file));
  EDGETRAN_ASSIGN(Model model, load_for_training(job.model, target, job.seed));
  const bool pretrains = job.kind == JobKind::kPretrain;
  EDGETRAN_TRY(
      check_fit(model, file, pretrains ? job.settings.length : file.longest_row(), job.train));
  if (!job.dev.empty()) EDGETRAN_TRY(open_dev(job, model, file.info().kind));  // before the work
  if (!job.vocabulary.empty()) {
    EDGETRAN_ASSIGN(model.vocabulary, base::read_file(job.vocabulary));
    model.info.tokenizer = weights::tokenizer_file_name(job.vocabulary);
  }
  EDGETRAN_ASSIGN(const std::string fingerprint, fingerprint_of(job, model));
  const auto objective = pretrains ? make_pretrain_objective(job, model.graph, file)
                                   : make_finetune_objective(job, model.graph, file);
  Trainer trainer(job, model, *objective,
                  {context.events, context.cancel, context.clock, fingerprint});
  EDGETRAN_ASSIGN(TrainResult result, trainer.run());
  if (!job.dev.empty()) {
    EDGETRAN_ASSIGN(result.metrics,
                    evaluate_on_dev(context, model, trainer.parameters(), file.info().kind));
  }
  model.info.history = extend_history(model.info.history, job, file, result);
  EDGETRAN_TRY(weights::write_model_folder(job.out, model.info, model.graph,
                                           to_weights(model.graph, trainer.parameters()),
                                           model.vocabulary));
  result.model = job.out;
  return result;
}

base::Result<TrainResult> evaluate_job(const Context& context) {
  EDGETRAN_ASSIGN(const Model model, load_trained(context.job.model));
  if (model.info.labels == 0 && !model.info.mlm) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} has no task head to evaluate", context.job.model.string()),
                      "fine-tune it first");
  }
  const data::Kind kind = model.info.mlm           ? data::Kind::kText
                          : model.info.labels == 1 ? data::Kind::kRegression
                                                   : data::Kind::kClassification;
  TrainResult result;
  EDGETRAN_ASSIGN(result.metrics,
                  evaluate_on_dev(context, model, to_tensors(model.weights, false), kind));
  return result;
}

base::Result<TrainResult> run_kind(const Context& context) {
  switch (context.job.kind) {
    case JobKind::kPretrain:
    case JobKind::kFinetune:
      return train(context);
    case JobKind::kEvaluate:
      return evaluate_job(context);
    case JobKind::kInfer:
      return infer(context.job, context.cancel);
  }
  base::check_failed("kind", __FILE__, __LINE__, "every kind of job");
}

base::Error out_of_memory(const TrainJob& job) {
  return {ErrorCategory::kResource,
          fmt::format("out of memory in a {} job with a batch of {}", job_kind_name(job.kind),
                      job.settings.batch),
          "use a smaller batch, length or model"};
}

/// The engine's exceptions as errors; the allocator reports exhaustion as a plain c10::Error.
base::Error from_engine(const TrainJob& job, const c10::Error& error) {
  const std::string what = error.what_without_backtrace();
  if (what.find("can't allocate memory") != std::string::npos ||
      dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) {
    return out_of_memory(job);
  }
  return {ErrorCategory::kFailed, "the training engine failed: " + what, {}};
}

}  // namespace

base::Result<TrainResult> run_job_here(const TrainJob& job, base::EventSink& events,
                                       const base::CancelToken& cancel, base::Clock& clock) {
  const double begin_s = clock.now_s();
  try {
    at::set_num_threads(static_cast<int>(job.threads));
    // Moments of rare tokens decay into denormal numbers, which are a hundred times slower.
    at::globalContext().setFlushDenormal(true);
    auto result = run_kind({job, events, cancel, clock});
    if (!result) return result;
    result->seconds = clock.now_s() - begin_s;
    result->peak_memory_bytes = base::peak_rss_bytes();
    return result;
  } catch (const std::bad_alloc&) {
    return base::fail(out_of_memory(job));
  } catch (const c10::Error& error) {
    return base::fail(from_engine(job, error));
  } catch (const std::exception& error) {
    return base::fail(ErrorCategory::kFailed, fmt::format("the worker failed: {}", error.what()));
  }
}

wire::Service make_service() {
  wire::Hello self;
  self.program = "edgetran-worker";
  self.version = base::kVersion;
  self.service = "train";
  self.capabilities = {"pretrain", "finetune", "evaluate", "infer", "libtorch-" + engine_version()};
  wire::Service service(std::move(self));
  service.add("run", [](wire::Call& call) -> base::Result<wire::Answer> {
    EDGETRAN_ASSIGN(auto body,
                    base::ConfigMap::of(base::ConfigValue::from_json(call.body, "request")));
    EDGETRAN_ASSIGN(const auto value, body.require("job"));
    EDGETRAN_TRY(body.finish());
    EDGETRAN_ASSIGN(const TrainJob job, read_job(value));
    base::SystemClock clock;
    EDGETRAN_ASSIGN(const TrainResult result, run_job_here(job, call.events, call.cancel, clock));
    return wire::Answer{.fields = result_json(result), .blob = {}};
  });
  return service;
}

void prepare_process() {
  // A step frees and takes hundreds of megabytes in the same pattern. Handed back to the system,
  // each page is faulted in and cleared again: 1.6 times the time of a step of a small encoder.
  constexpr int kLargestKept = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kLargestKept);
  mallopt(M_TRIM_THRESHOLD, -1);
  at::set_num_interop_threads(1);
}

std::string engine_version() { return TORCH_VERSION; }

}  // namespace edgetran::train::torch_engine
