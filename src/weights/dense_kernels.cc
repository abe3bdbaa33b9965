#include "weights/dense_kernels.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/vectorize.h"

namespace edgetran::weights {
namespace {

// Columns whose sums stay in registers (four vectors of sixteen floats, eight of eight), while the
// same columns of b stay in the cache for every row of a.
constexpr int64_t kChunk = 64;
// Rows that are worked on together, so that those before them come from memory once a block.
constexpr int64_t kBlock = 32;

EDGETRAN_VECTORIZE void multiply_chunk(const float* a_row, int64_t count, const float* b,
                                       int64_t b_stride, float* c) {
  float sums[kChunk] = {};
  for (int64_t k = 0; k < count; ++k) {
    const float factor = a_row[k];
    const float* const row = b + k * b_stride;
    for (int64_t i = 0; i < kChunk; ++i) sums[i] += factor * row[i];
  }
  std::copy_n(std::begin(sums), kChunk, c);
}

// Summed in interleaved parts, always the same ones.
EDGETRAN_VECTORIZE double dot(const double* a, const double* b, int64_t count) {
  constexpr int64_t kParts = 32;
  double parts[kParts] = {};
  int64_t i = 0;
  for (; i + kParts <= count; i += kParts)
    for (int64_t k = 0; k < kParts; ++k) parts[k] += a[i + k] * b[i + k];
  for (; i < count; ++i) parts[0] += a[i] * b[i];
  return std::accumulate(std::begin(parts), std::end(parts), 0.0);
}

EDGETRAN_VECTORIZE void add_scaled(double* a, const double* b, double factor, int64_t count) {
  constexpr int64_t kStep = 32;
  int64_t i = 0;
  for (; i + kStep <= count; i += kStep)
    for (int64_t k = 0; k < kStep; ++k) a[i + k] += factor * b[i + k];
  for (; i < count; ++i) a[i] += factor * b[i];
}

}  // namespace

void multiply(const Dense<const float>& a, const Dense<const float>& b, const Dense<float>& c) {
  int64_t begin = 0;
  for (; begin + kChunk <= b.columns; begin += kChunk)
    for (int64_t row = 0; row < a.rows; ++row)
      multiply_chunk(a.values + row * a.stride, a.columns, b.values + begin, b.stride,
                     c.values + row * c.stride + begin);
  for (int64_t row = 0; row < a.rows; ++row) {
    for (int64_t column = begin; column < b.columns; ++column) {
      float sum = 0;
      for (int64_t k = 0; k < a.columns; ++k)
        sum += a.values[row * a.stride + k] * b.values[k * b.stride + column];
      c.values[row * c.stride + column] = sum;
    }
  }
}

void orthonormalise_rows(const Dense<double>& matrix) {
  const auto remove = [&](int64_t row, int64_t before) {
    double* const current = matrix.values + row * matrix.stride;
    const double* const other = matrix.values + before * matrix.stride;
    add_scaled(current, other, -dot(current, other, matrix.columns), matrix.columns);
  };
  for (int64_t block = 0; block < matrix.rows; block += kBlock) {
    const int64_t end = std::min(block + kBlock, matrix.rows);
    for (int64_t before = 0; before < block; ++before)
      for (int64_t row = block; row < end; ++row) remove(row, before);
    for (int64_t row = block; row < end; ++row) {
      for (int64_t before = block; before < row; ++before) remove(row, before);
      double* const current = matrix.values + row * matrix.stride;
      const double norm = std::sqrt(dot(current, current, matrix.columns));
      for (int64_t i = 0; i < matrix.columns; ++i) current[i] /= norm;
    }
  }
}

}  // namespace edgetran::weights
