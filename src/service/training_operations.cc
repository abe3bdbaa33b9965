// pretrain, finetune, evaluate
#include <fmt/format.h>

#include <algorithm>

#include "data/prepare.h"
#include "data/source.h"
#include "service/operations.h"
#include "service/tokenizer_choice.h"
#include "service/training_data.h"
#include "train/job_client.h"
#include "weights/model_folder.h"

namespace edgetran::service {

namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

/// What every job shares.
struct JobFlags {
  std::string model;
  std::string out;
  std::string vocabulary;
  int64_t seed = 1;
  int64_t threads = 1;
  std::string precision = "fp32";
  std::string device = "auto";
};

/// What training jobs share beside.
struct TrainingFlags : JobFlags, train::TrainSettings {
  std::string teacher, checkpoint;
};

void declare_job(base::Settings<JobFlags>& settings) {
  settings.string("model", &JobFlags::model, "Model folder, or a spec file: fresh weights")
      .string(
          "vocabulary", &JobFlags::vocabulary,
          "WordPiece vocab.txt, tokenizer.json, or a folder with vocab.json and merges.txt; empty: "
          "the model folder's own")
      .integer("seed", &JobFlags::seed, 0, INT64_MAX, "", "Seed of weights, order and dropout")
      .integer("threads", &JobFlags::threads, 1, 1024, "",
               "Threads; with one, results repeat bit for bit")
      .choice("precision", &JobFlags::precision, {"fp32", "bf16"}, "Precision of the arithmetic")
      .choice("device", &JobFlags::device, {"auto", "cpu", "cuda"},
              "What computes; auto: cuda where there is one");
}

void declare_training(base::Settings<TrainingFlags>& settings) {
  base::Settings<JobFlags> job;
  declare_job(job);
  settings.include(job)
      .string("out", &TrainingFlags::out, "Model folder to write")
      .string("teacher", &TrainingFlags::teacher,
              "Model folder with the same vocabulary to learn from beside the data")
      .string(
          "checkpoint", &TrainingFlags::checkpoint,
          "Folder for checkpoints, from which the same command continues; empty: OUT.checkpoint "
          "until the job is done")
      .include(train::train_settings());
}

train::TrainJob base_job(const JobFlags& flags, const train::TrainSettings& settings) {
  train::TrainJob job;
  job.model = std::filesystem::absolute(flags.model);
  if (!flags.out.empty()) job.out = std::filesystem::absolute(flags.out);
  job.settings = settings;
  job.seed = static_cast<uint64_t>(flags.seed);
  job.threads = flags.threads;
  job.precision = flags.precision == "bf16" ? train::Precision::kBf16 : train::Precision::kFp32;
  job.device = flags.device;
  return job;
}

/// Where checkpoints go that no folder was named for: beside the model folder.
std::filesystem::path checkpoint_beside(const std::filesystem::path& out) {
  std::filesystem::path folder = out.has_filename() ? out : out.parent_path();
  return folder += ".checkpoint";
}

/// The job with its teacher and checkpoint folder. Refuses what does not fit together before any
/// data are prepared.
Result<train::TrainJob> training_job(const TrainingFlags& flags, train::JobKind kind) {
  train::TrainJob job = base_job(flags, flags);
  job.kind = kind;
  if (!flags.teacher.empty()) job.teacher = std::filesystem::absolute(flags.teacher);
  job.checkpoint = flags.checkpoint.empty() ? checkpoint_beside(job.out)
                                            : std::filesystem::absolute(flags.checkpoint);
  job.dev = "dev";  // these commands always prepare one, and then name its file
  EDGETRAN_TRY(train::check_job(job));
  return job;
}

/// The longest rows that the model takes, at most `wanted`; says so where that is less.
int64_t usable_length(Context& context, const space::ModelSpec& spec, int64_t wanted) {
  if (wanted <= spec.positions) return wanted;
  context.events.emit(
      {"warning",
       {{"text", fmt::format("rows are cut to {} tokens, the model's positions; --length is {}",
                             spec.positions, wanted)}}});
  return spec.positions;
}

/// Runs the job in a worker and gives its figures, metrics first.
Result<Json> run_job(Context& context, const train::TrainJob& job) {
  const double start = context.clock.now_s();
  EDGETRAN_ASSIGN(const auto result,
                  train::run_job(job, {.program = context.programs / "edgetran-worker"},
                                 context.events, context.cancel));
  Json figures = result.metrics;
  figures["loss"] = figures.contains("loss") ? figures["loss"] : Json(result.loss);
  if (job.kind != train::JobKind::kEvaluate) {
    figures["train_loss"] = result.loss;
    figures["tokens_per_s"] = result.tokens_per_s;
    figures["examples_per_s"] = result.examples_per_s;
    figures["tokens"] = result.tokens;
    figures["steps"] = result.steps;
  }
  figures["precision"] = train::precision_name(result.precision);
  figures["seconds"] = context.clock.now_s() - start;
  figures["peak_memory_bytes"] = result.peak_memory_bytes;
  if (!result.model.empty()) figures["model"] = result.model.string();
  if (result.best_step > 0) figures["best_step"] = result.best_step;
  if (result.stopped_early) figures["stopped_early"] = true;
  if (result.rollbacks > 0) figures["rollbacks"] = result.rollbacks;
  return figures;
}

/// The same of a training job; a checkpoint folder that was not asked for goes with success.
Result<Json> run_training(Context& context, const train::TrainJob& job,
                          const TrainingFlags& flags) {
  EDGETRAN_ASSIGN(Json figures, run_job(context, job));
  std::error_code ignored;
  if (flags.checkpoint.empty()) std::filesystem::remove_all(job.checkpoint, ignored);
  return figures;
}

const std::vector<Column>& figure_columns() {
  static const std::vector<Column> columns = {
      {"task", "task", Shown::kPlain},
      {"accuracy", "accuracy", Shown::kPercent},
      {"accuracy_mismatched", "accuracy, mismatched", Shown::kPercent},
      {"f1", "F1", Shown::kPercent},
      {"macro_f1", "macro F1", Shown::kPercent},
      {"matthews", "Matthews correlation", Shown::kNumber},
      {"pearson", "Pearson correlation", Shown::kNumber},
      {"spearman", "Spearman correlation", Shown::kNumber},
      {"score", "GLUE score", Shown::kPercent},
      {"note", "note", Shown::kPlain},
      {"loss", "loss", Shown::kNumber},
      {"valid_loss", "validation loss", Shown::kNumber},
      {"train_loss", "training loss", Shown::kNumber},
      {"rows", "rows", Shown::kCount},
      {"best_step", "best step", Shown::kCount},
      {"rollbacks", "rollbacks", Shown::kCount},
      {"tokens", "tokens", Shown::kCount},
      {"tokens_per_s", "tokens/s", Shown::kNumber},
      {"examples_per_s", "examples/s", Shown::kNumber},
      {"precision", "precision", Shown::kPlain},
      {"seconds", "time", Shown::kSeconds},
      {"peak_memory_bytes", "peak memory", Shown::kBytes},
      {"model", "model", Shown::kPlain}};
  return columns;
}

// -- pretrain
// ---------------------------------------------------------------------------------------

struct PretrainRequest : TrainingFlags {
  std::string text, valid;
  int64_t tokens = 1'000'000;
};

Result<Reply> pretrain(Context& context, const PretrainRequest& request) {
  EDGETRAN_ASSIGN(train::TrainJob job, training_job(request, train::JobKind::kPretrain));
  EDGETRAN_ASSIGN(const auto tokenizer,
                  tokenizer_of(request.model, request.vocabulary, context.cache));
  const auto source = data::make_text_source({.file = request.text, .valid_file = request.valid});
  EDGETRAN_ASSIGN(const auto prepared,
                  data::prepare(*source, tokenizer.tokenizer(), {.cache_folder = context.cache}));
  job.train = prepared.file("train");
  job.dev = prepared.file("valid");
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  job.settings.length = usable_length(context, info.spec, request.length);
  job.vocabulary = std::filesystem::absolute(tokenizer.file);
  job.tokens = request.tokens;
  Reply reply{.data = {}, .columns = figure_columns(), .text = {}, .outcome = {}};
  EDGETRAN_ASSIGN(reply.data, run_training(context, job, request));
  describe_data({}, source->subsets(), reply.data);
  return reply;
}

// -- finetune
// ---------------------------------------------------------------------------------------

struct FinetuneRequest : TrainingFlags, LabelledDataFlags {
  double epochs = 1;
  std::string predictions;
};

/// The figures of the model on MNLI's second dev set, as accuracy_mismatched.
base::Status evaluate_mismatched(Context& context, train::TrainJob job,
                                 const LabelledTokens& tokens, Json& figures) {
  if (tokens.dev_mismatched.empty()) return {};
  if (job.kind == train::JobKind::kFinetune) job.model = job.out;
  job.kind = train::JobKind::kEvaluate;
  job.dev = tokens.dev_mismatched;
  job.teacher.clear();
  job.checkpoint.clear();
  job.predictions.clear();
  EDGETRAN_ASSIGN(const Json second, run_job(context, job));
  figures["accuracy_mismatched"] = second.at("accuracy");
  return {};
}

Result<Reply> finetune(Context& context, const FinetuneRequest& request) {
  EDGETRAN_ASSIGN(const auto tokenizer,
                  tokenizer_of(request.model, request.vocabulary, context.cache));
  if (request.task.empty() && request.train.empty())
    return base::fail(ErrorCategory::kUsage, "nothing to train on",
                      "give --task NAME --data DIR, or --train FILE --dev FILE");
  EDGETRAN_ASSIGN(train::TrainJob job, training_job(request, train::JobKind::kFinetune));
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  const int64_t length = usable_length(context, info.spec, request.length);
  EDGETRAN_ASSIGN(const auto tokens,
                  prepare_labelled(context, request, true, tokenizer.tokenizer(), length, nullptr));
  job.train = tokens.train;
  job.dev = tokens.dev;
  job.settings.length = length;
  job.vocabulary = std::filesystem::absolute(tokenizer.file);
  job.epochs = request.epochs;
  if (!request.predictions.empty())
    job.predictions = std::filesystem::absolute(request.predictions);
  Reply reply{.data = {}, .columns = figure_columns(), .text = {}, .outcome = {}};
  EDGETRAN_ASSIGN(reply.data, run_training(context, job, request));
  EDGETRAN_TRY(evaluate_mismatched(context, job, tokens, reply.data));
  describe_data(request, tokens.subsets, reply.data);
  return reply;
}

// -- evaluate
// ---------------------------------------------------------------------------------------

struct EvaluateRequest : JobFlags, train::TrainSettings, LabelledDataFlags {
  std::string predictions;
};

Result<Reply> evaluate(Context& context, const EvaluateRequest& request) {
  EDGETRAN_ASSIGN(const auto tokenizer,
                  tokenizer_of(request.model, request.vocabulary, context.cache));
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  const int64_t length = usable_length(context, info.spec, request.length);
  EDGETRAN_ASSIGN(const auto tokens,
                  prepare_labelled(context, request, false, tokenizer.tokenizer(), length, &info));
  train::TrainJob job = base_job(request, request);
  job.kind = train::JobKind::kEvaluate;
  job.dev = tokens.dev;
  job.settings.length = length;
  if (!request.predictions.empty())
    job.predictions = std::filesystem::absolute(request.predictions);
  Reply reply{.data = {}, .columns = figure_columns(), .text = {}, .outcome = {}};
  EDGETRAN_ASSIGN(reply.data, run_job(context, job));
  EDGETRAN_TRY(evaluate_mismatched(context, job, tokens, reply.data));
  describe_data(request, with_training_subset(tokens.subsets, info.history), reply.data);
  return reply;
}

/// The settings that `declare` declares, as the beginning of those of Request.
template <class Request, class Part>
base::Settings<Request> settings_of(void (*declare)(base::Settings<Part>&)) {
  base::Settings<Part> part;
  declare(part);
  base::Settings<Request> settings;
  settings.include(part);
  return settings;
}

}  // namespace

std::vector<Operation> training_operations() {
  auto pretrain_settings = settings_of<PretrainRequest>(declare_training);
  pretrain_settings.string("text", &PretrainRequest::text, "Plain text, UTF-8")
      .string("valid", &PretrainRequest::valid, "Held-out text; empty: the last 2 % of the text")
      .integer("tokens", &PretrainRequest::tokens, 1, INT64_MAX, "tokens", "Positions to train on");

  auto finetune_settings = settings_of<FinetuneRequest>(declare_training);
  finetune_settings.include(labelled_data_settings())
      .number("epochs", &FinetuneRequest::epochs, 1e-6, 1e6, "", "Passes over the training rows")
      .string("predictions", &FinetuneRequest::predictions, "TSV of predictions on dev to write");

  auto evaluate_settings = settings_of<EvaluateRequest>(declare_job);
  evaluate_settings.include(labelled_data_settings())
      .integer("batch", &EvaluateRequest::batch, 1, 65536, "", "Rows a batch")
      .integer("length", &EvaluateRequest::length, 3, 65536, "tokens", "Longer texts are cut")
      .string("predictions", &EvaluateRequest::predictions, "TSV of predictions to write");

  return {operation("pretrain", "Train a masked language model on text", pretrain_settings,
                    {"model"}, {"text", "out"}, pretrain),
          operation("finetune", "Train a classifier on labelled rows", finetune_settings, {"model"},
                    {"out"}, finetune),
          operation("evaluate", "Score a model on labelled rows", evaluate_settings, {"model"}, {},
                    evaluate)};
}

}  // namespace edgetran::service
