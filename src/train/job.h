#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "train/precision.h"
#include "train/settings.h"

namespace edgetran::train {

enum class JobKind : uint8_t {
  kPretrain,  ///< masked language model on packed text
  kFinetune,  ///< classification or regression
  kEvaluate,  ///< metrics of a trained model on `dev`
  kInfer,     ///< outputs of a model on given inputs
};

/// "pretrain", "finetune", "evaluate", "infer".
std::string_view job_kind_name(JobKind kind);

/// One piece of work for the worker, as plain data. Paths are read by the worker, so they are
/// absolute or relative to its folder.
struct TrainJob {
  JobKind kind = JobKind::kFinetune;
  /// Model folder, or a spec file: then the weights are drawn from `seed`. Parts that the source
  /// lacks (the classifier of a pre-trained body) are drawn from `seed` too.
  std::filesystem::path model;
  std::filesystem::path out;         ///< model folder to write (kPretrain, kFinetune)
  std::filesystem::path train;       ///< token file (kPretrain, kFinetune)
  std::filesystem::path dev;         ///< token file; optional in training: no metrics at the end
  std::filesystem::path checkpoint;  ///< folder; empty: no checkpoints
  /// Model folder to learn from beside the data (kPretrain, kFinetune); empty: none.
  std::filesystem::path teacher;
  /// vocab.txt or tokenizer.json to put into `out`; empty: that of `model`, if it has one.
  std::filesystem::path vocabulary;
  std::filesystem::path predictions;  ///< kFinetune, kEvaluate: TSV to write; optional
  std::filesystem::path inputs;       ///< kInfer: safetensors of int64 inputs
  std::filesystem::path outputs;      ///< kInfer: safetensors to write
  TrainSettings settings;
  uint64_t seed = 1;
  /// Budget in tokens that the learning-rate schedule spans. Tokens are positions of packed blocks
  /// (kPretrain) or real, unpadded tokens (kFinetune). 0: `epochs` says it.
  int64_t tokens = 0;
  double epochs = 0;  ///< the budget as passes over `train`; read where `tokens` is 0
  /// Stop at the first step that reaches this many tokens; the schedule still spans the budget. A
  /// later job with the same checkpoint folder goes on from there. 0: the whole budget.
  int64_t until_tokens = 0;
  int64_t threads = 1;
  Precision precision = Precision::kFp32;
  std::string device = "auto";  ///< "cpu", "cuda", or "auto": cuda where there is one
};

/// Whether the job's parts agree with one another: kUsage for a setting that asks for what is not
/// there (early stopping without dev, distillation without a teacher, ...).
base::Status check_job(const TrainJob& job);

/// Strict reading: unknown keys, wrong types, numbers out of range, missing or senseless paths for
/// the kind are usage errors that show the place; so are those of check_job.
base::Result<TrainJob> read_job(const base::ConfigValue& value);

/// The JSON that read_job reads; keys that equal their default are left out.
base::Json job_json(const TrainJob& job);

}  // namespace edgetran::train
