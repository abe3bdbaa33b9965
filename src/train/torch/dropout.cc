#include "train/torch/dropout.h"

#include <vector>

#include "base/result.h"
#include "train/torch/kernels/dropout_bits.h"

namespace edgetran::train::torch_engine {
namespace {

constexpr uint64_t mix64(uint64_t x) {  // the finaliser of splitmix64
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// 0 where an element falls, 1 / (1 - share) where it stays; of x's shape, type and device.
at::Tensor factors_of(const at::Tensor& x, double share, uint64_t key) {
  constexpr int64_t kGrain = 1 << 14;
  at::Tensor factors = at::empty(x.sizes(), at::kFloat);
  auto* data = factors.mutable_data_ptr<float>();
  const uint32_t threshold = kernels::drop_threshold(share);
  const auto scale = static_cast<float>(1 / (1 - share));
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    std::vector<uint16_t> draws(static_cast<size_t>(end - begin));
    kernels::draw_bits(key, static_cast<uint64_t>(begin), end - begin, draws.data());
    for (int64_t i = begin; i < end; ++i)
      data[i] = draws[static_cast<size_t>(i - begin)] < threshold ? 0.0F : scale;
  });
  return factors.to(x.options());
}

at::Tensor drop(const at::Tensor& x, double share, uint64_t key) {
  return x * factors_of(x, share, key);
}

class DropoutFunction : public torch::autograd::Function<DropoutFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            double share, int64_t key) {
    context->saved_data["share"] = share;
    context->saved_data["key"] = key;
    return drop(x, share, static_cast<uint64_t>(key));
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const double share = context->saved_data["share"].toDouble();
    const auto key = static_cast<uint64_t>(context->saved_data["key"].toInt());
    return {drop(gradients[0], share, key), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

uint64_t derive_key(uint64_t key, int64_t index) {
  return mix64(key + 0x9e3779b97f4a7c15ULL * (static_cast<uint64_t>(index) + 1));
}

at::Tensor keyed_dropout(const at::Tensor& x, double share, uint64_t key) {
  EDGETRAN_CHECK(share >= 0 && share < 1, "a share");
  if (share == 0) return x;
  return DropoutFunction::apply(x, share, static_cast<int64_t>(key));
}

}  // namespace edgetran::train::torch_engine
