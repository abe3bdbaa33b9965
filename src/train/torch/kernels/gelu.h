#pragma once

#include <cstdint>

#include "train/torch/kernels/element.h"

namespace edgetran::train::kernels {

/// y = GELU(u + bias) in the erf form, of `rows` rows.
template <class Element>
struct GeluForward {
  int64_t rows = 0, width = 0;
  Element* u = nullptr;         ///< [rows, width]; afterwards u + bias
  const float* bias = nullptr;  ///< [width] or nullptr
  Element* y = nullptr;         ///< [rows, width]
};

/// du = dy GELU'(u) with u as the forward pass left it; its column sums are added to dbias.
template <class Element>
struct GeluBackward {
  int64_t rows = 0, width = 0;
  const Element* dy = nullptr;
  const Element* u = nullptr;
  Element* du = nullptr;
  float* dbias = nullptr;  ///< [width] or nullptr
};

void gelu(const GeluForward<float>& pass);
void gelu(const GeluForward<Bf16>& pass);
void gelu(const GeluBackward<float>& pass);
void gelu(const GeluBackward<Bf16>& pass);

}  // namespace edgetran::train::kernels
