#pragma once

#include <cstdint>
#include <optional>

#include "train/torch/attention.h"
#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// Whether the kernels of kernels/ run on this tensor: float32 or bfloat16 in the CPU's memory.
/// Else the functions below are compositions of ATen, which are also what the kernels are tested
/// against.
bool has_kernels(const at::Tensor& tensor);

/// An operand as functions of autograd take it: they know no undefined tensors.
std::optional<at::Tensor> optional(const at::Tensor& tensor);

/// What the kernels drop: an element falls by (key, index), as in keyed_dropout.
struct KeyedDropout {
  double share = 0;
  uint64_t key = 0;
};

/// LayerNorm(x + dropout(change + bias)); x and change [..., width], bias [width] or undefined,
/// weight and norm_bias [width] float32. With kernels the memory of `change` is used up: nobody
/// else may need it.
at::Tensor residual_norm(const at::Tensor& x, const at::Tensor& change, const at::Tensor& bias,
                         const at::Tensor& weight, const at::Tensor& norm_bias, double epsilon,
                         const KeyedDropout& dropout);

/// GELU(u + bias) in the erf form; u [..., width], bias [width] or undefined. With kernels the
/// memory of `u` is used up.
at::Tensor bias_gelu(const at::Tensor& u, const at::Tensor& bias);

/// attention() by the kernel, for operands that have_kernels; the result lies in memory as [batch,
/// length, heads, width].
at::Tensor fused_attention(const AttentionOperands& operands, const AttentionDropout& dropout);

}  // namespace edgetran::train::torch_engine
