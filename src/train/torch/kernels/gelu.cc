#include "train/torch/kernels/gelu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/torch/kernels/gelu.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "train/torch/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {

template <class D>
struct Normal {
  Vec<D> density;     ///< exp(−x²/2), without its constant
  Vec<D> cumulative;  ///< Φ(x)
};

/// Φ(−|x|) = exp(−x²/2) P(t) / 2 with t = 1 / (1 + p|x|/√2): Abramowitz and Stegun, 7.1.26,
/// to 1.5e-7; the exponential serves the derivative too.
template <class D>
HWY_INLINE Normal<D> normal_law(D d, Vec<D> x) {
  const auto size = hn::Abs(x);
  const auto density = exp_of_nonpositive(d, hn::Mul(hn::Mul(x, x), hn::Set(d, -0.5F)));
  const auto t = hn::Div(hn::Set(d, 1.0F),
                         hn::MulAdd(size, hn::Set(d, 0.3275911F * 0.70710678F), hn::Set(d, 1.0F)));
  auto series = hn::Set(d, 1.061405429F);
  for (const float term : {-1.453152027F, 1.421413741F, -0.284496736F, 0.254829592F})
    series = hn::MulAdd(series, t, hn::Set(d, term));
  const auto tail = hn::Mul(hn::Mul(hn::Mul(series, t), density), hn::Set(d, 0.5F));
  const auto negative = hn::Lt(x, hn::Zero(d));
  return {density, hn::IfThenElse(negative, tail, hn::Sub(hn::Set(d, 1.0F), tail))};
}

template <class Element>
void forward(const GeluForward<Element>& p) {
  for (int64_t row = 0; row < p.rows; ++row) {
    Element* HWY_RESTRICT u = p.u + row * p.width;
    Element* HWY_RESTRICT y = p.y + row * p.width;
    for_lanes(p.width, [&](auto d, int64_t i) {
      auto value = load(d, u + i);
      if (p.bias != nullptr) {
        value = hn::Add(value, load(d, p.bias + i));
        store(d, value, u + i);
      }
      store(d, hn::Mul(value, normal_law(d, value).cumulative), y + i);
    });
  }
}

template <class Element>
void backward(const GeluBackward<Element>& p) {
  constexpr float kDensityScale = 0.3989422804F;  // 1 / sqrt(2π)
  for (int64_t row = 0; row < p.rows; ++row) {
    const Element* HWY_RESTRICT dy = p.dy + row * p.width;
    const Element* HWY_RESTRICT u = p.u + row * p.width;
    Element* HWY_RESTRICT du = p.du + row * p.width;
    for_lanes(p.width, [&](auto d, int64_t i) {
      const auto value = load(d, u + i);
      const auto law = normal_law(d, value);
      const auto slope =
          hn::MulAdd(hn::Mul(value, hn::Set(d, kDensityScale)), law.density, law.cumulative);
      const auto result = hn::Mul(load(d, dy + i), slope);
      store(d, result, du + i);
      if (p.dbias != nullptr) store(d, hn::Add(result, load(d, p.dbias + i)), p.dbias + i);
    });
  }
}

void forward_float(const GeluForward<float>& p) { forward(p); }
void forward_bf16(const GeluForward<Bf16>& p) { forward(p); }
void backward_float(const GeluBackward<float>& p) { backward(p); }
void backward_bf16(const GeluBackward<Bf16>& p) { backward(p); }

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgetran::train::kernels {

HWY_EXPORT(forward_float);
HWY_EXPORT(forward_bf16);
HWY_EXPORT(backward_float);
HWY_EXPORT(backward_bf16);

void gelu(const GeluForward<float>& pass) { HWY_DYNAMIC_DISPATCH(forward_float)(pass); }
void gelu(const GeluForward<Bf16>& pass) { HWY_DYNAMIC_DISPATCH(forward_bf16)(pass); }
void gelu(const GeluBackward<float>& pass) { HWY_DYNAMIC_DISPATCH(backward_float)(pass); }
void gelu(const GeluBackward<Bf16>& pass) { HWY_DYNAMIC_DISPATCH(backward_bf16)(pass); }

}  // namespace edgetran::train::kernels
#endif  // HWY_ONCE
