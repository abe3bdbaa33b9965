#include "train/torch/kernels/dropout_bits.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/torch/kernels/dropout_bits.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The finaliser "lowbias32" (C. Wellons' search of 32-bit hashes, bias 0.17) of each lane.
template <class D>
HWY_INLINE hn::Vec<D> mix(D d, hn::Vec<D> x) {
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(d, 0x7feb352dU));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(d, 0x846ca68bU));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

/// Draws of `pairs` pairs of elements from pair `first`; two rounds with a half of the key each.
void draw_pairs(uint64_t key, uint32_t first, int64_t pairs, uint16_t* draws) {
  const auto low = static_cast<uint32_t>(key);
  const auto high = static_cast<uint32_t>(key >> 32);
  const auto range = [&](auto d, int64_t i) {
    const auto index = hn::Iota(d, first + static_cast<uint32_t>(i));
    const auto hash = mix(d, hn::Add(mix(d, hn::Xor(index, hn::Set(d, low))), hn::Set(d, high)));
    hn::StoreU(hash, d, reinterpret_cast<uint32_t*>(draws + 2 * i));
  };
  const hn::ScalableTag<uint32_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= pairs; i += lanes) range(d, i);
  const hn::CappedTag<uint32_t, 1> one;
  for (; i < pairs; ++i) range(one, i);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgetran::train::kernels {

HWY_EXPORT(draw_pairs);

void draw_bits(uint64_t key, uint64_t first, int64_t count, uint16_t* draws) {
  if (count <= 0) return;
  alignas(uint32_t) uint16_t pair[2];
  auto next = static_cast<uint32_t>(first / 2);
  if (first % 2 != 0) {  // the second of a pair that an earlier range began
    HWY_DYNAMIC_DISPATCH(draw_pairs)(key, next++, 1, pair);
    *draws++ = pair[1];
    --count;
  }
  HWY_DYNAMIC_DISPATCH(draw_pairs)(key, next, count / 2, draws);
  if (count % 2 != 0) {
    HWY_DYNAMIC_DISPATCH(draw_pairs)(key, next + static_cast<uint32_t>(count / 2), 1, pair);
    draws[count - 1] = pair[0];
  }
}

uint32_t drop_threshold(double share) {
  return static_cast<uint32_t>(std::lround(share * 65536.0));
}

}  // namespace edgetran::train::kernels
#endif  // HWY_ONCE
