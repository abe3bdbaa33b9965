#pragma once

#include <cstdint>

#include "train/torch/kernels/element.h"

namespace edgetran::train::kernels {

/// y = LayerNorm(x + dropout(change + bias)) of `rows` rows: the residual step of encoder.md,
/// section 2, in one pass. Pointers are of rows first_row ... first_row + rows − 1; the dropout of
/// element (row, column) is that of index row * width + column.
template <class Element>
struct ResidualNormForward {
  int64_t first_row = 0, rows = 0, width = 0;
  const Element* x = nullptr;        ///< [rows, width]
  Element* change = nullptr;         ///< [rows, width]; afterwards x + dropout(change + bias)
  const float* bias = nullptr;       ///< [width] or nullptr
  const float* weight = nullptr;     ///< [width]
  const float* norm_bias = nullptr;  ///< [width]
  float epsilon = 0;
  Dropout dropout;
  Element* y = nullptr;   ///< [rows, width]
  float* mean = nullptr;  ///< [rows]
  float* rstd = nullptr;  ///< [rows], 1 / standard deviation
};

/// Its gradients. The column sums are added to what is there.
template <class Element>
struct ResidualNormBackward {
  int64_t first_row = 0, rows = 0, width = 0;
  const Element* dy = nullptr;
  const Element* sum = nullptr;  ///< what the forward pass left in `change`
  const float* mean = nullptr;
  const float* rstd = nullptr;
  const float* weight = nullptr;
  Dropout dropout;
  Element* dx = nullptr;        ///< [rows, width]
  Element* dchange = nullptr;   ///< [rows, width]; may be dx where nothing is dropped
  float* dweight = nullptr;     ///< [width]
  float* dnorm_bias = nullptr;  ///< [width]
  float* dbias = nullptr;       ///< [width] or nullptr
};

void residual_norm(const ResidualNormForward<float>& pass);
void residual_norm(const ResidualNormForward<Bf16>& pass);
void residual_norm(const ResidualNormBackward<float>& pass);
void residual_norm(const ResidualNormBackward<Bf16>& pass);

}  // namespace edgetran::train::kernels
