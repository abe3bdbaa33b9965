#pragma once

#include <cstdint>
#include <limits>

namespace edgetran::graph {

// Counts of work on sizes that a user typed: the largest int64 stands for "more than that".

/// a * b for values that are not negative.
inline int64_t saturating_multiply(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}

/// a + b for values that are not negative.
inline int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

}  // namespace edgetran::graph
