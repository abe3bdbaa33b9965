#pragma once

#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// Mean cross-entropy in nats of logits [rows, classes] against targets [rows] int64; a scalar of
/// float32 (float64 for float64 logits). Takes float32, float64 or bfloat16 logits. The logits'
/// memory is used up: one pass turns it into the gradient that the backward pass hands on.
at::Tensor softmax_cross_entropy(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace edgetran::train::torch_engine
