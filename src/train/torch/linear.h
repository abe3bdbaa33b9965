#pragma once

#include "train/precision.h"
#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// y = x Wᵀ + b over the last dimension of x, in the pass's type: x [..., in] of float32 or
/// bfloat16, weight [out, in] and bias [out] (or undefined) float32. On CPUs by our own products
/// (kernels/matmul.h) where they are the faster ones: the bias is added while a block of y is in
/// the cache, and with bfloat16 the weight's gradient keeps the float32 that it was summed in.
/// Elsewhere, and in float64, at::linear.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  Precision precision);

/// The same by our own products whatever the processor: x on the CPU, float32 or bfloat16.
at::Tensor own_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
/// The same by ATen's.
at::Tensor composed_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace edgetran::train::torch_engine
