#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/cancel.h"
#include "base/json.h"
#include "base/result.h"
#include "data/token_file.h"
#include "train/precision.h"
#include "train/torch/engine.h"
#include "train/torch/model.h"

namespace edgetran::train::torch_engine {

struct EvaluateOptions {
  Precision precision = Precision::kFp32;
  std::filesystem::path predictions;  ///< TSV to write, in the order of the rows; empty: none
  uint64_t seed = 1;                  ///< of the masks of a pre-training evaluation
  int64_t length = 128;               ///< of its blocks
  double mask_share = 0.15;
};

/// Metrics of the model with these parameters on every row of `file`: classification or regression
/// by its kind, valid_loss (mean over masked positions) for text. Batches do not depend on the
/// training settings. kFailed where an output is not finite, kInterrupted on an urgent cancel.
base::Result<base::Json> evaluate(const Model& model, std::span<const at::Tensor> parameters,
                                  const data::TokenFile& file, const EvaluateOptions& options,
                                  const base::CancelToken& cancel);

}  // namespace edgetran::train::torch_engine
