#pragma once

#include <cstdint>

#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// What attention reads; undefined tensors where the node has no such operand.
struct AttentionOperands {
  at::Tensor query, key, value;  ///< [batch, heads, length, width]
  at::Tensor relative;           ///< [2 positions - 1, width]
  at::Tensor mask;               ///< [batch, length] int64, 1 for valid positions
};

struct AttentionDropout {
  double share = 0;
  uint64_t key = 0;
};

/// softmax((q kT + P) / sqrt(width) + mask) v of encoder.md, section 2, with dropout on the
/// probabilities; [batch, heads, length, width]. By the kernel where there is one (fused.h), else
/// composed_attention. Masks are a run of valid positions and then padding; what comes out at
/// padded positions is not defined.
at::Tensor attention(const AttentionOperands& operands, const AttentionDropout& dropout);

/// The same in ATen: without P and dropout its fused kernel, else products and a softmax.
at::Tensor composed_attention(const AttentionOperands& operands, const AttentionDropout& dropout);

/// P[t, r] = q[t] . relative[t - r + positions - 1]; q [batch, heads, length, width],
/// relative [2 positions - 1, width], length <= positions -> [batch, heads, length, length].
at::Tensor relative_scores(const at::Tensor& query, const at::Tensor& relative);

}  // namespace edgetran::train::torch_engine
