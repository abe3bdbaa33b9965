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
      .choice("precision", &JobFlags::precision, {"fp32", "bf16"}, "Precision of the arithmetic");
}

train::TrainJob base_job(const JobFlags& flags, const train::TrainSettings& settings) {
  train::TrainJob job;
  job.model = std::filesystem::absolute(flags.model);
  if (!flags.out.empty()) job.out = std::filesystem::absolute(flags.out);
  job.settings = settings;
  job.seed = static_cast<uint64_t>(flags.seed);
  job.threads = flags.threads;
  job.precision = flags.precision == "bf16" ? train::Precision::kBf16 : train::Precision::kFp32;
  return job;
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
  figures["seconds"] = context.clock.now_s() - start;
  figures["peak_memory_bytes"] = result.peak_memory_bytes;
  if (!result.model.empty()) figures["model"] = result.model.string();
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
      {"tokens", "tokens", Shown::kCount},
      {"tokens_per_s", "tokens/s", Shown::kNumber},
      {"examples_per_s", "examples/s", Shown::kNumber},
      {"seconds", "time", Shown::kSeconds},
      {"peak_memory_bytes", "peak memory", Shown::kBytes},
      {"model", "model", Shown::kPlain}};
  return columns;
}

// -- pretrain
// ---------------------------------------------------------------------------------------

struct PretrainRequest : JobFlags, train::TrainSettings {
  std::string text, valid;
  int64_t tokens = 1'000'000;
};

Result<Reply> pretrain(Context& context, const PretrainRequest& request) {
  EDGETRAN_ASSIGN(const auto tokenizer,
                  tokenizer_of(request.model, request.vocabulary, context.cache));
  const auto source = data::make_text_source({.file = request.text, .valid_file = request.valid});
  EDGETRAN_ASSIGN(const auto prepared,
                  data::prepare(*source, tokenizer.tokenizer(), {.cache_folder = context.cache}));
  train::TrainJob job = base_job(request, request);
  job.kind = train::JobKind::kPretrain;
  job.train = prepared.file("train");
  job.dev = prepared.file("valid");
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  job.settings.length = std::min(request.length, info.spec.positions);
  job.vocabulary = std::filesystem::absolute(tokenizer.file);
  job.tokens = request.tokens;
  Reply reply{.data = {}, .columns = figure_columns(), .text = {}, .outcome = {}};
  EDGETRAN_ASSIGN(reply.data, run_job(context, job));
  describe_data({}, source->subsets(), reply.data);
  return reply;
}

// -- finetune
// ---------------------------------------------------------------------------------------

struct FinetuneRequest : JobFlags, train::TrainSettings, LabelledDataFlags {
  double epochs = 1;
  std::string checkpoint, predictions;
};

/// The figures of the model on MNLI's second dev set, as accuracy_mismatched.
base::Status evaluate_mismatched(Context& context, train::TrainJob job,
                                 const LabelledTokens& tokens, Json& figures) {
  if (tokens.dev_mismatched.empty()) return {};
  if (job.kind == train::JobKind::kFinetune) job.model = job.out;
  job.kind = train::JobKind::kEvaluate;
  job.dev = tokens.dev_mismatched;
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
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  const int64_t length = std::min(request.length, info.spec.positions);
  EDGETRAN_ASSIGN(const auto tokens,
                  prepare_labelled(context, request, true, tokenizer.tokenizer(), length, nullptr));
  train::TrainJob job = base_job(request, request);
  job.kind = train::JobKind::kFinetune;
  job.train = tokens.train;
  job.dev = tokens.dev;
  job.settings.length = length;
  job.vocabulary = std::filesystem::absolute(tokenizer.file);
  job.epochs = request.epochs;
  if (!request.checkpoint.empty()) job.checkpoint = std::filesystem::absolute(request.checkpoint);
  if (!request.predictions.empty())
    job.predictions = std::filesystem::absolute(request.predictions);
  Reply reply{.data = {}, .columns = figure_columns(), .text = {}, .outcome = {}};
  EDGETRAN_ASSIGN(reply.data, run_job(context, job));
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
  const int64_t length = std::min(request.length, info.spec.positions);
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

template <class Request>
base::Settings<Request> job_settings() {
  base::Settings<JobFlags> job;
  declare_job(job);
  base::Settings<Request> settings;
  settings.include(job);
  return settings;
}

}  // namespace

std::vector<Operation> training_operations() {
  const std::string out_text = "Model folder to write";
  auto pretrain_settings = job_settings<PretrainRequest>();
  pretrain_settings.string("text", &PretrainRequest::text, "Plain text, UTF-8")
      .string("valid", &PretrainRequest::valid, "Held-out text; empty: the last 2 % of the text")
      .integer("tokens", &PretrainRequest::tokens, 1, INT64_MAX, "tokens", "Positions to train on")
      .string("out", &PretrainRequest::out, out_text)
      .include(train::train_settings());

  auto finetune_settings = job_settings<FinetuneRequest>();
  finetune_settings.include(labelled_data_settings())
      .number("epochs", &FinetuneRequest::epochs, 1e-6, 1e6, "", "Passes over the training rows")
      .string("out", &FinetuneRequest::out, out_text)
      .string("checkpoint", &FinetuneRequest::checkpoint,
              "Folder for checkpoints; the same command then continues")
      .string("predictions", &FinetuneRequest::predictions, "TSV of predictions on dev to write")
      .include(train::train_settings());

  auto evaluate_settings = job_settings<EvaluateRequest>();
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
