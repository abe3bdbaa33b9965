#pragma once

#include <cstdint>

namespace edgetran::train::kernels {

/// A bfloat16 as memory holds it: the upper half of a float32. Kernels compute in float32 and round
/// to nearest even when they store; NaN stays NaN.
struct Bf16 {
  uint16_t bits = 0;
};

/// Dropout of a kernel: which elements fall depends on (key, element index) only (dropout_bits.h).
struct Dropout {
  uint64_t key = 0;
  double share = 0;  ///< in [0, 1); 0: none
};

}  // namespace edgetran::train::kernels
