#include "train/torch/convolution.h"

namespace edgetran::train::torch_engine {
namespace {

/// x [batch, heads, length, width] with its padded positions zero, and `reach` zeros before and
/// after the length: what a centred convolution of 2 reach + 1 taps reads.
at::Tensor padded(const at::Tensor& x, const at::Tensor& mask, int64_t reach) {
  at::Tensor valid = x;
  if (mask.defined()) {
    valid = x.masked_fill(mask.eq(0).unsqueeze(1).unsqueeze(3), 0);
  }
  return at::constant_pad_nd(valid, {0, 0, reach, reach});
}

}  // namespace

at::Tensor head_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const int64_t batch = x.size(0), heads = x.size(1), length = x.size(2);
  // One product a head over all positions of the batch: [heads, batch * length, in].
  const at::Tensor rows = x.transpose(0, 1).reshape({heads, batch * length, x.size(3)});
  const at::Tensor matrices = weight.transpose(1, 2);
  const at::Tensor y =
      bias.defined() ? at::baddbmm(bias.unsqueeze(1), rows, matrices) : at::bmm(rows, matrices);
  return y.view({heads, batch, length, weight.size(1)}).transpose(0, 1);
}

at::Tensor depthwise_convolution(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& mask) {
  const int64_t taps = weight.size(2);
  const at::Tensor source = padded(x, mask, (taps - 1) / 2);
  at::Tensor sum;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const at::Tensor term = source.narrow(2, tap, x.size(2)) * weight.select(2, tap).unsqueeze(1);
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

at::Tensor dynamic_convolution(const at::Tensor& scores, const at::Tensor& x,
                               const at::Tensor& mask) {
  const int64_t taps = scores.size(3);
  const at::Tensor shares = at::softmax(scores, -1);
  const at::Tensor source = padded(x, mask, (taps - 1) / 2);
  at::Tensor sum;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const at::Tensor term = source.narrow(2, tap, x.size(2)) * shares.narrow(3, tap, 1);
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

}  // namespace edgetran::train::torch_engine
