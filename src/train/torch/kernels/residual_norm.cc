#include "train/torch/kernels/residual_norm.h"

#include <cmath>
#include <vector>

#include "train/torch/kernels/dropout_bits.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/torch/kernels/residual_norm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "train/torch/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {

/// x + dropout(change + bias) of one row into `change`, and as it was rounded there into `sums`:
/// mean and deviation are of what the backward pass will read.
template <class Element>
HWY_INLINE void add_row(const ResidualNormForward<Element>& p, int64_t row, const uint16_t* draws,
                        float* HWY_RESTRICT sums) {
  const Element* HWY_RESTRICT x = p.x + row * p.width;
  Element* HWY_RESTRICT change = p.change + row * p.width;
  const uint32_t threshold = drop_threshold(p.dropout.share);
  const auto scale = static_cast<float>(1 / (1 - p.dropout.share));
  for_lanes(p.width, [&](auto d, int64_t i) {
    auto value = load(d, change + i);
    if (p.bias != nullptr) value = hn::Add(value, load(d, p.bias + i));
    if (threshold > 0) value = drop(d, value, draws + i, threshold, hn::Set(d, scale));
    value = hn::Add(value, load(d, x + i));
    store(d, value, change + i);
    store(d, load(d, change + i), sums + i);
  });
}

template <class Element>
HWY_INLINE void normalize_row(const ResidualNormForward<Element>& p, int64_t row,
                              const float* HWY_RESTRICT sums) {
  const auto width = static_cast<float>(p.width);
  const float mean = sum_of(p.width, [&](auto d, int64_t i) { return load(d, sums + i); }) / width;
  const float variance = sum_of(p.width,
                                [&](auto d, int64_t i) {
                                  const auto centred = hn::Sub(load(d, sums + i), hn::Set(d, mean));
                                  return hn::Mul(centred, centred);
                                }) /
                         width;
  const float rstd = 1 / std::sqrt(variance + p.epsilon);
  p.mean[row] = mean;
  p.rstd[row] = rstd;
  Element* HWY_RESTRICT y = p.y + row * p.width;
  for_lanes(p.width, [&](auto d, int64_t i) {
    const auto centred = hn::Sub(load(d, sums + i), hn::Set(d, mean));
    const auto slope = hn::Mul(load(d, p.weight + i), hn::Set(d, rstd));
    store(d, hn::MulAdd(centred, slope, load(d, p.norm_bias + i)), y + i);
  });
}

template <class Element>
void forward(const ResidualNormForward<Element>& p) {
  std::vector<float> sums(static_cast<size_t>(p.width));
  std::vector<uint16_t> draws(static_cast<size_t>(p.width));
  for (int64_t row = 0; row < p.rows; ++row) {
    if (p.dropout.share > 0)
      draw_bits(p.dropout.key, static_cast<uint64_t>((p.first_row + row) * p.width), p.width,
                draws.data());
    add_row(p, row, draws.data(), sums.data());
    normalize_row(p, row, sums.data());
  }
}

/// One row: dx = rstd (g − mean(g) − s mean(g s)) with g = dy weight and s the normalised sum.
template <class Element>
HWY_INLINE void backward_row(const ResidualNormBackward<Element>& p, int64_t row,
                             const uint16_t* draws) {
  const Element* HWY_RESTRICT dy = p.dy + row * p.width;
  const Element* HWY_RESTRICT sum = p.sum + row * p.width;
  const float mean = p.mean[row];
  const float rstd = p.rstd[row];
  const auto normalized = [&](auto d, int64_t i) {
    return hn::Mul(hn::Sub(load(d, sum + i), hn::Set(d, mean)), hn::Set(d, rstd));
  };
  const auto width = static_cast<float>(p.width);
  const float g_mean =
      sum_of(p.width,
             [&](auto d, int64_t i) { return hn::Mul(load(d, dy + i), load(d, p.weight + i)); }) /
      width;
  const float gs_mean =
      sum_of(p.width,
             [&](auto d, int64_t i) {
               return hn::Mul(hn::Mul(load(d, dy + i), load(d, p.weight + i)), normalized(d, i));
             }) /
      width;
  const uint32_t threshold = drop_threshold(p.dropout.share);
  const auto scale = static_cast<float>(1 / (1 - p.dropout.share));
  Element* HWY_RESTRICT dx = p.dx + row * p.width;
  Element* HWY_RESTRICT dchange = p.dchange + row * p.width;
  for_lanes(p.width, [&](auto d, int64_t i) {
    const auto slope = load(d, dy + i);
    const auto s = normalized(d, i);
    store(d, hn::MulAdd(slope, s, load(d, p.dweight + i)), p.dweight + i);
    store(d, hn::Add(slope, load(d, p.dnorm_bias + i)), p.dnorm_bias + i);
    const auto g = hn::Mul(slope, load(d, p.weight + i));
    auto value = hn::Sub(hn::Sub(g, hn::Set(d, g_mean)), hn::Mul(s, hn::Set(d, gs_mean)));
    value = hn::Mul(value, hn::Set(d, rstd));
    store(d, value, dx + i);
    if (threshold > 0) {
      value = drop(d, value, draws + i, threshold, hn::Set(d, scale));
      store(d, value, dchange + i);
    } else if (dchange != dx) {
      store(d, value, dchange + i);
    }
    if (p.dbias != nullptr) store(d, hn::Add(value, load(d, p.dbias + i)), p.dbias + i);
  });
}

template <class Element>
void backward(const ResidualNormBackward<Element>& p) {
  std::vector<uint16_t> draws(static_cast<size_t>(p.width));
  for (int64_t row = 0; row < p.rows; ++row) {
    if (p.dropout.share > 0)
      draw_bits(p.dropout.key, static_cast<uint64_t>((p.first_row + row) * p.width), p.width,
                draws.data());
    backward_row(p, row, draws.data());
  }
}

// Names of their own: the dispatch table takes no overloads.
void forward_float(const ResidualNormForward<float>& p) { forward(p); }
void forward_bf16(const ResidualNormForward<Bf16>& p) { forward(p); }
void backward_float(const ResidualNormBackward<float>& p) { backward(p); }
void backward_bf16(const ResidualNormBackward<Bf16>& p) { backward(p); }

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgetran::train::kernels {

HWY_EXPORT(forward_float);
HWY_EXPORT(forward_bf16);
HWY_EXPORT(backward_float);
HWY_EXPORT(backward_bf16);

void residual_norm(const ResidualNormForward<float>& pass) {
  HWY_DYNAMIC_DISPATCH(forward_float)(pass);
}
void residual_norm(const ResidualNormForward<Bf16>& pass) {
  HWY_DYNAMIC_DISPATCH(forward_bf16)(pass);
}
void residual_norm(const ResidualNormBackward<float>& pass) {
  HWY_DYNAMIC_DISPATCH(backward_float)(pass);
}
void residual_norm(const ResidualNormBackward<Bf16>& pass) {
  HWY_DYNAMIC_DISPATCH(backward_bf16)(pass);
}

}  // namespace edgetran::train::kernels
#endif  // HWY_ONCE
