#pragma once

#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// Op::kHeadLinear: x [batch, heads, length, in], weight [heads, out, in], bias [heads, out] or
/// undefined -> [batch, heads, length, out].
at::Tensor head_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// Op::kDepthwiseConvolution: x [batch, heads, length, width], weight [heads, width, taps], mask
/// [batch, length] int64 or undefined -> x's shape.
at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& mask);

/// Op::kDynamicConvolution: scores [batch, heads, length, taps], x [batch, heads, length, width],
/// mask [batch, length] int64 or undefined -> x's shape.
at::Tensor dynamic_convolution(const at::Tensor& scores, const at::Tensor& x,
                               const at::Tensor& mask);

}  // namespace edgetran::train::torch_engine
