// Small matrix products of packed operands, for the kernels that keep one head in the cache;
// included once a target inside HWY_NAMESPACE (Highway's pattern).
#if defined(EDGETRAN_TRAIN_KERNELS_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGETRAN_TRAIN_KERNELS_PRODUCTS_INL_H_
#undef EDGETRAN_TRAIN_KERNELS_PRODUCTS_INL_H_
#else
#define EDGETRAN_TRAIN_KERNELS_PRODUCTS_INL_H_
#endif

#include <cstring>
#include <type_traits>

#include "train/torch/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {

HWY_INLINE int64_t vector_lanes() {
  return static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
}
HWY_INLINE int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// 512-bit vectors may have the instruction; whether they do is known when the program runs.
#undef EDGETRAN_MAY_DOT_BF16
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
#define EDGETRAN_MAY_DOT_BF16 1
#else
#define EDGETRAN_MAY_DOT_BF16 0
#endif

HWY_INLINE bool dots_bf16() {
#if EDGETRAN_MAY_DOT_BF16
  static const bool kHas = __builtin_cpu_supports("avx512bf16") != 0;
  return kHas;
#else
  return false;
#endif
}

/// sum + a b of each lane; kNative: by the instruction for pairs.
template <bool kNative, class D, class V>
HWY_INLINE Vec<D> multiply_add([[maybe_unused]] D d, V a, V b, Vec<D> sum) {
  if constexpr (std::is_same_v<V, Vec<D>>) {
    return hn::MulAdd(a, b, sum);
  } else {
#if EDGETRAN_MAY_DOT_BF16
    if constexpr (kNative) {
      asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
      return sum;
    }
#endif
    const hn::RebindToUnsigned<D> d32;
    const auto upper = hn::Set(d32, 0xffff0000U);
    const auto first =
        hn::MulAdd(hn::BitCast(d, hn::ShiftLeft<16>(a)), hn::BitCast(d, hn::ShiftLeft<16>(b)), sum);
    return hn::MulAdd(hn::BitCast(d, hn::And(a, upper)), hn::BitCast(d, hn::And(b, upper)), first);
  }
}

/// The left operand: unit (row, step) begins at data[row * row_stride + step * step_stride].
template <class Element>
struct Left {
  const Element* data = nullptr;
  int64_t row_stride = 0, step_stride = 0;
};
/// The right operand: unit (step, column) is data[step * stride + column].
template <class Element>
struct Right {
  const Unit<Element>* data = nullptr;
  int64_t stride = 0;
};

template <class Element>
HWY_INLINE Unit<Element> unit_at(const Element* from) {
  Unit<Element> unit;
  std::memcpy(&unit, from, sizeof(unit));
  return unit;
}

template <bool kNative, bool kAdd, int kRows, int kVectors, class Element>
HWY_INLINE void product_tile(Left<Element> a, Right<Element> b, int64_t steps,
                             float* HWY_RESTRICT c, int64_t c_stride) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<Unit<Element>, decltype(d)> du;
  const auto lanes = vector_lanes();
  Vec<decltype(d)> sums[kRows][kVectors];
  // Unrolled by force: only then do the sums stay in registers (GCC's -O2 leaves loops as they
  // are).
  HWY_UNROLL(8)
  for (int i = 0; i < kRows; ++i) HWY_UNROLL(8)
  for (int j = 0; j < kVectors; ++j) sums[i][j] = hn::Zero(d);
  if constexpr (kAdd) {  // what is added to is read last, and is on its way by then
    HWY_UNROLL(8)
    for (int i = 0; i < kRows; ++i) __builtin_prefetch(c + i * c_stride, 1);
  }
  for (int64_t step = 0; step < steps; ++step) {
    hn::Vec<decltype(du)> right[kVectors];
    HWY_UNROLL(8)
    for (int j = 0; j < kVectors; ++j)
      right[j] = hn::LoadU(du, b.data + step * b.stride + j * lanes);
    HWY_UNROLL(8)
    for (int i = 0; i < kRows; ++i) {
      const auto left = hn::Set(du, unit_at(a.data + i * a.row_stride + step * a.step_stride));
      HWY_UNROLL(8)
      for (int j = 0; j < kVectors; ++j)
        sums[i][j] = multiply_add<kNative>(d, left, right[j], sums[i][j]);
    }
  }
  HWY_UNROLL(8)
  for (int i = 0; i < kRows; ++i) HWY_UNROLL(8)
  for (int j = 0; j < kVectors; ++j) {
    float* to = c + i * c_stride + j * lanes;
    hn::StoreU(kAdd ? hn::Add(hn::LoadU(d, to), sums[i][j]) : sums[i][j], d, to);
  }
}

// Tiles of sums that fit the registers beside one left and a row of right units: 6 x 4 of the 32
// that AVX-512 and Arm have, 6 x 2 of AVX2's 16 (spilled, a tile takes four times as long).
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
constexpr int kTileVectors = 2;
#else
constexpr int kTileVectors = 4;
#endif
constexpr int kTileRows = 6;

template <bool kNative, bool kAdd, int kVectors, class Element>
HWY_INLINE void product_columns(Left<Element> a, Right<Element> b, int64_t rows, int64_t steps,
                                float* HWY_RESTRICT c, int64_t c_stride) {
  int64_t row = 0;
  const auto tile = [&]<int kRows>() {
    for (; row + kRows <= rows; row += kRows) {
      product_tile<kNative, kAdd, kRows, kVectors>(a, b, steps, c + row * c_stride, c_stride);
      a.data += kRows * a.row_stride;
    }
  };
  tile.template operator()<kTileRows>();
  tile.template operator()<2>();
  tile.template operator()<1>();
}

template <bool kNative, bool kAdd, class Element>
HWY_NOINLINE void product_blocks(Left<Element> a, Right<Element> b, int64_t rows, int64_t columns,
                                 int64_t steps, float* HWY_RESTRICT c, int64_t c_stride) {
  const int64_t lanes = vector_lanes();
  int64_t column = 0;
  for (; column + kTileVectors * lanes <= columns; column += kTileVectors * lanes) {
    product_columns<kNative, kAdd, kTileVectors>(a, b, rows, steps, c + column, c_stride);
    b.data += kTileVectors * lanes;
  }
  for (; column < columns; column += lanes) {
    product_columns<kNative, kAdd, 1>(a, b, rows, steps, c + column, c_stride);
    b.data += lanes;
  }
}

/// c [rows, columns] = a b, or with kAdd c += a b; columns a multiple of the vector's lanes,
/// `steps` units in the contraction.
template <bool kAdd, class Element>
HWY_INLINE void product(Left<Element> a, Right<Element> b, int64_t rows, int64_t columns,
                        int64_t steps, float* c, int64_t c_stride) {
  if (dots_bf16())
    product_blocks<true, kAdd>(a, b, rows, columns, steps, c, c_stride);
  else
    product_blocks<false, kAdd>(a, b, rows, columns, steps, c, c_stride);
}

/// rows [count, width] (stride in elements) as the right operand of a product with their transpose:
/// unit (step, row) holds the step's features of the row; zero beyond.
template <class Element>
HWY_INLINE void pack_transposed(const Element* rows, int64_t stride, int64_t count, int64_t width,
                                Unit<Element>* packed, int64_t packed_stride) {
  constexpr int64_t kStep = kUnitElements<Element>;
  const int64_t whole = width / kStep;
  for (int64_t row = 0; row < count; ++row) {
    const Element* from = rows + row * stride;
    for (int64_t step = 0; step < whole; ++step)
      packed[step * packed_stride + row] = unit_at(from + step * kStep);
    if (whole * kStep < width) {
      Element last[kStep] = {from[whole * kStep]};
      packed[whole * packed_stride + row] = unit_at(last);
    }
  }
  for (int64_t step = 0; step < units_of<Element>(width); ++step)
    for (int64_t row = count; row < packed_stride; ++row)
      packed[step * packed_stride + row] = Unit<Element>{};
}

/// rows [count, width] as the right operand: unit (step, column) holds the column of the step's
/// rows.
HWY_INLINE void pack_rows(const float* rows, int64_t stride, int64_t count, int64_t width,
                          float* packed, int64_t packed_stride) {
  for (int64_t row = 0; row < count; ++row) {
    std::memcpy(packed + row * packed_stride, rows + row * stride,
                static_cast<size_t>(width) * sizeof(float));
    std::memset(packed + row * packed_stride + width, 0,
                static_cast<size_t>(packed_stride - width) * sizeof(float));
  }
}
HWY_INLINE void pack_rows(const Bf16* rows, int64_t stride, int64_t count, int64_t width,
                          uint32_t* packed, int64_t packed_stride) {
  for (int64_t row = 0; row < count; row += 2) {
    const Bf16* first = rows + row * stride;
    const Bf16* second = row + 1 < count ? first + stride : nullptr;
    uint32_t* to = packed + row / 2 * packed_stride;
    for_lanes(width, [&](auto d, int64_t i) {
      const hn::RebindToUnsigned<decltype(d)> d32;
      const hn::Rebind<uint16_t, decltype(d)> d16;
      const auto widened = [&](const Bf16* from) {
        return hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(from + i)));
      };
      auto pair = widened(first);
      if (second != nullptr) pair = hn::Or(pair, hn::ShiftLeft<16>(widened(second)));
      hn::StoreU(pair, d32, to + i);
    });
    std::memset(to + width, 0, static_cast<size_t>(packed_stride - width) * sizeof(uint32_t));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#endif  // the include guard of this target
