#include "train/torch/kernels/adamw.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/torch/kernels/adamw.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "train/torch/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {

void update(const AdamWStep& step, const float* HWY_RESTRICT gradient, int64_t count,
            float* HWY_RESTRICT weight, float* HWY_RESTRICT first, float* HWY_RESTRICT second) {
  for_lanes(count, [&](auto d, int64_t i) {
    const auto g = hn::Mul(load(d, gradient + i), hn::Set(d, step.gradient_scale));
    const auto m = hn::MulAdd(hn::Set(d, step.beta1), load(d, first + i),
                              hn::Mul(hn::Set(d, 1 - step.beta1), g));
    const auto v = hn::MulAdd(hn::Set(d, step.beta2), load(d, second + i),
                              hn::Mul(hn::Mul(hn::Set(d, 1 - step.beta2), g), g));
    store(d, m, first + i);
    store(d, v, second + i);
    const auto root =
        hn::MulAdd(hn::Sqrt(v), hn::Set(d, step.root_scale), hn::Set(d, step.epsilon));
    const auto change = hn::Div(hn::Mul(hn::Set(d, step.step_size), m), root);
    store(d, hn::Sub(hn::Mul(load(d, weight + i), hn::Set(d, step.keep)), change), weight + i);
  });
}

/// In blocks, so that float32 sums stay short.
double squares(const float* values, int64_t count) {
  constexpr int64_t kBlock = 4096;
  double total = 0;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t size = count - begin < kBlock ? count - begin : kBlock;
    total += static_cast<double>(sum_of(size, [&](auto d, int64_t i) {
      const auto value = load(d, values + begin + i);
      return hn::Mul(value, value);
    }));
  }
  return total;
}

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgetran::train::kernels {

HWY_EXPORT(update);
HWY_EXPORT(squares);

void adamw(const AdamWStep& step, const float* gradient, int64_t count, float* weight, float* first,
           float* second) {
  HWY_DYNAMIC_DISPATCH(update)(step, gradient, count, weight, first, second);
}

double sum_of_squares(const float* values, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(squares)(values, count);
}

}  // namespace edgetran::train::kernels
#endif  // HWY_ONCE
