#include "train/torch/kernels/cross_entropy.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/torch/kernels/cross_entropy.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "train/torch/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {

/// Exponentials wait in `powers`, float32 and small enough for the cache, until their sum is known,
/// so that each is computed once and the row's elements are rounded once.
template <class Element>
double consume(Element* HWY_RESTRICT row, int64_t classes, int64_t target, double share,
               float* HWY_RESTRICT powers) {
  const hn::CappedTag<float, 1> one;
  const float most = largest_of(row, classes);
  const float score = hn::GetLane(load(one, row + target)) - most;
  const float sum = sum_of(classes, [&](auto d, int64_t i) {
    const auto power = exp_of_nonpositive(d, hn::Sub(load(d, row + i), hn::Set(d, most)));
    store(d, power, powers + i);
    return power;
  });
  const auto scale = static_cast<float>(share / static_cast<double>(sum));
  for_lanes(classes, [&](auto d, int64_t i) {
    store(d, hn::Mul(load(d, powers + i), hn::Set(d, scale)), row + i);
  });
  const auto own = std::exp(static_cast<double>(score)) * static_cast<double>(scale) - share;
  store(one, hn::Set(one, static_cast<float>(own)), row + target);
  return std::isfinite(sum) ? std::log(static_cast<double>(sum)) - static_cast<double>(score) : NAN;
}

double consume_float(float* row, int64_t classes, int64_t target, double share, float* powers) {
  return consume(row, classes, target, share, powers);
}
double consume_bf16(Bf16* row, int64_t classes, int64_t target, double share, float* powers) {
  return consume(row, classes, target, share, powers);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgetran::train::kernels {

HWY_EXPORT(consume_float);
HWY_EXPORT(consume_bf16);

double consume_row(float* logits, int64_t classes, int64_t target, double share, float* scratch) {
  return HWY_DYNAMIC_DISPATCH(consume_float)(logits, classes, target, share, scratch);
}
double consume_row(Bf16* logits, int64_t classes, int64_t target, double share, float* scratch) {
  return HWY_DYNAMIC_DISPATCH(consume_bf16)(logits, classes, target, share, scratch);
}

}  // namespace edgetran::train::kernels
#endif  // HWY_ONCE
