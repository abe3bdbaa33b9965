#pragma once

#include <cstdint>
#include <vector>

#include "train/torch/kernels/element.h"

namespace edgetran::train::kernels {

/// A matrix as it lies in memory: element (i, j) is data[i * row_stride + j * column_stride], one
/// of the strides being 1.
template <class Element>
struct Operand {
  const Element* data = nullptr;
  int64_t row_stride = 0, column_stride = 0;
};

/// c = a b + bias, added up in float32: a [rows, depth], b [depth, columns], bias [columns] or
/// nullptr, c [rows, columns] with dense rows. `row_sums` [rows], or nullptr, become the sums of
/// a's rows, which must then lie side by side (a.row_stride is 1): where a is the gradient of a
/// linear layer's output, transposed, they are the bias's.
template <class Element, class Out>
struct MatrixProduct {
  int64_t rows = 0, columns = 0, depth = 0;
  Operand<Element> a, b;
  const float* bias = nullptr;
  Out* c = nullptr;
  float* row_sums = nullptr;
};

/// Working memory of multiply(), to be reused from call to call.
template <class Element>
struct ProductScratch {
  std::vector<Unit<Element>> left, right;
  std::vector<float> sums;
};

struct Range {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

/// Makes c[rows, columns] of these ranges. An element's sum is the same whatever the ranges are.
void multiply(const MatrixProduct<float, float>& product, Range rows, Range columns,
              ProductScratch<float>& scratch);
void multiply(const MatrixProduct<Bf16, Bf16>& product, Range rows, Range columns,
              ProductScratch<Bf16>& scratch);
void multiply(const MatrixProduct<Bf16, float>& product, Range rows, Range columns,
              ProductScratch<Bf16>& scratch);

}  // namespace edgetran::train::kernels
