#pragma once

#include "base/cancel.h"
#include "base/result.h"
#include "train/events.h"
#include "train/job.h"

namespace edgetran::train::torch_engine {

/// Runs a kInfer job: reads `inputs` (safetensors of int64 input_ids [batch, length], optional
/// token_type_ids and attention_mask of the same shape, padding last), runs the model without
/// dropout and writes `outputs` (float32): last_hidden_state [batch, length, width], and logits
/// [batch, labels] with a classifier, pooled [batch, width] without a head, or mlm_logits
/// [batch * length, vocabulary] with the masked-language-model head. kUsage names the tensor, row
/// and value that do not fit.
base::Result<TrainResult> infer(const TrainJob& job, const base::CancelToken& cancel);

}  // namespace edgetran::train::torch_engine
