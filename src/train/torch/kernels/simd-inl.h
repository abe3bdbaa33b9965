// Vector helpers of the kernels; included once a target inside HWY_NAMESPACE (Highway's pattern).
#if defined(EDGETRAN_TRAIN_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGETRAN_TRAIN_KERNELS_SIMD_INL_H_
#undef EDGETRAN_TRAIN_KERNELS_SIMD_INL_H_
#else
#define EDGETRAN_TRAIN_KERNELS_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include "train/torch/kernels/element.h"

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using Vec = hn::Vec<D>;

template <class D>
HWY_INLINE Vec<D> load(D d, const float* HWY_RESTRICT from) {
  return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE Vec<D> load([[maybe_unused]] D d, const Bf16* HWY_RESTRICT from) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  const auto bits = hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(from)));
  return hn::BitCast(d, hn::ShiftLeft<16>(bits));
}

template <class D>
HWY_INLINE void store(D d, Vec<D> value, float* HWY_RESTRICT to) {
  hn::StoreU(value, d, to);
}

/// Rounds to nearest even; a NaN becomes the quiet one, because rounding its bits could leave a
/// zero.
template <class D>
HWY_INLINE void store([[maybe_unused]] D d, Vec<D> value, Bf16* HWY_RESTRICT to) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  const auto bits = hn::BitCast(d32, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1U));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(hn::Set(d32, 0x7fffU), odd)));
  const auto is_nan = hn::RebindMask(d32, hn::Ne(value, value));
  hn::StoreU(hn::TruncateTo(d16, hn::IfThenElse(is_nan, hn::Set(d32, 0x7fc0U), rounded)), d16,
             reinterpret_cast<uint16_t*>(to));
}

/// `value` times `scale` where the draw says that it stays, else zero.
template <class D>
HWY_INLINE Vec<D> drop(D d, Vec<D> value, const uint16_t* HWY_RESTRICT draws, uint32_t threshold,
                       Vec<D> scale) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToSigned<D> d32;
  const auto draw = hn::PromoteTo(d32, hn::LoadU(d16, draws));
  const auto falls = hn::RebindMask(d, hn::Lt(draw, hn::Set(d32, static_cast<int32_t>(threshold))));
  return hn::IfThenZeroElse(falls, hn::Mul(value, scale));
}

/// exp(x) of x <= 0 to about 1e-7 relative; 0.0 below -87, NaN where x is no number or infinite:
/// what diverged must be seen.
template <class D>
HWY_INLINE Vec<D> exp_of_nonpositive(D d, Vec<D> x) {
  const hn::RebindToSigned<D> d32;
  const auto clamped = hn::Max(x, hn::Set(d, -87.0F));
  const auto whole = hn::Round(hn::Mul(clamped, hn::Set(d, 1.44269504088896F)));
  // ln 2 in two parts, so that the remainder keeps its bits (Cody and Waite).
  auto rest = hn::NegMulAdd(whole, hn::Set(d, 0.693359375F), clamped);
  rest = hn::NegMulAdd(whole, hn::Set(d, -2.12194440e-4F), rest);
  auto series = hn::Set(d, 1.0F / 720);
  for (const float term : {1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1.0F, 1.0F})
    series = hn::MulAdd(series, rest, hn::Set(d, term));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(d32, whole), hn::Set(d32, 127)));
  const auto result = hn::Mul(series, hn::BitCast(d, exponent));
  return hn::Add(hn::IfThenElseZero(hn::Ge(x, hn::Set(d, -87.0F)), result), hn::Sub(x, x));
}

/// Largest of a row; NaN is passed over.
HWY_INLINE float largest_of(const auto* HWY_RESTRICT row, int64_t count) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const hn::CappedTag<float, 1> one;
  float result = hn::GetLane(load(one, row));
  int64_t i = 0;
  if (count >= lanes) {
    auto most = load(d, row);
    for (i = lanes; i + lanes <= count; i += lanes) most = hn::Max(load(d, row + i), most);
    result = hn::GetLane(hn::MaxOfLanes(d, most));
  }
  for (; i < count; ++i) {
    const float value = hn::GetLane(load(one, row + i));
    if (value > result) result = value;
  }
  return result;
}

/// Sum of term(d, i) over [0, count): lanes first, then the rest, always in the same order.
template <class Term>
HWY_INLINE float sum_of(int64_t count, const Term& term) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) sum = hn::Add(sum, term(d, i));
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  const hn::CappedTag<float, 1> one;
  for (; i < count; ++i) total += hn::GetLane(term(one, i));
  return total;
}

/// Calls work(d, i) for i = 0, lanes, ... with full vectors, then with single lanes for the rest.
template <class Work>
HWY_INLINE void for_lanes(int64_t count, const Work& work) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) work(d, i);
  const hn::CappedTag<float, 1> one;
  for (; i < count; ++i) work(one, i);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#endif  // the include guard of this target
