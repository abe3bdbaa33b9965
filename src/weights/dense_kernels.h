#pragma once

#include <cstdint>

namespace edgetran::weights {

/// A row-major matrix in memory: element (i, j) is at values[i stride + j].
template <class Number>
struct Dense {
  Number* values = nullptr;
  int64_t rows = 0, columns = 0, stride = 0;
};

/// c [m, n] = a [m, k] b [k, n]; sums run in the order of k.
void multiply(const Dense<const float>& a, const Dense<const float>& b, const Dense<float>& c);

/// Makes the rows of a matrix, columns >= rows, orthonormal (modified Gram-Schmidt). The rows must
/// be far from linear dependence, as random ones are.
void orthonormalise_rows(const Dense<double>& matrix);

}  // namespace edgetran::weights
