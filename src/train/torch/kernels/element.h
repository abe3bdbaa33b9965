#pragma once

#include <cstdint>
#include <type_traits>

namespace edgetran::train::kernels {

/// A bfloat16 as memory holds it: the upper half of a float32. Kernels compute in float32 and round
/// to nearest even when they store; NaN stays NaN.
struct Bf16 {
  uint16_t bits = 0;
};

/// What one step of a contraction takes from each operand: a float, or a pair of bfloat16 (the
/// first in the lower half), which processors with AVX512-BF16 multiply and add in one instruction.
template <class Element>
using Unit = std::conditional_t<std::is_same_v<Element, Bf16>, uint32_t, float>;
template <class Element>
inline constexpr int64_t kUnitElements = std::is_same_v<Element, Bf16> ? 2 : 1;
/// Units that cover `count` elements.
template <class Element>
constexpr int64_t units_of(int64_t count) {
  return (count + kUnitElements<Element> - 1) / kUnitElements<Element>;
}

/// Dropout of a kernel: which elements fall depends on (key, element index) only (dropout_bits.h).
struct Dropout {
  uint64_t key = 0;
  double share = 0;  ///< in [0, 1); 0: none
};

}  // namespace edgetran::train::kernels
