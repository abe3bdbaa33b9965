#pragma once

#include <cstdint>

#include "train/torch/kernels/element.h"

namespace edgetran::train::kernels {

/// Rows of one head in memory: row t begins at data + t * stride, `width` elements side by side.
template <class Element>
struct HeadRows {
  Element* data = nullptr;
  int64_t stride = 0;
};

/// softmax((q kᵀ + P) scale + mask) v of one head of one sequence (encoder.md, section 2), with
/// dropout on the probabilities. Scores stay in the cache; of the forward pass only the logarithm
/// of each row's sum is kept, and the backward pass computes the probabilities again.
template <class Element>
struct AttentionHead {
  int64_t length = 0;  ///< rows of every operand
  int64_t valid = 0;   ///< of them; later ones are padding: not read, and zero in every result
  int64_t width = 0;
  float scale = 1;
  HeadRows<const Element> q, k, v;
  /// P[t, r] = q[t] · relative[t − r + positions − 1], or without P
  HeadRows<const Element> relative;
  int64_t positions = 0;
  Dropout dropout;
  uint64_t first_element = 0;  ///< dropout index of probability (0, 0); rows are `length` apart
};

/// out [length, width] and logsum [length].
template <class Element>
struct AttentionForward : AttentionHead<Element> {
  HeadRows<Element> out;
  float* logsum = nullptr;
};

/// dq, dk, dv [length, width]; drelative [2 positions − 1, width] is added to.
template <class Element>
struct AttentionBackward : AttentionHead<Element> {
  const float* logsum = nullptr;
  HeadRows<const Element> dout;
  HeadRows<Element> dq, dk, dv;
  float* drelative = nullptr;
};

void attention(const AttentionForward<float>& pass);
void attention(const AttentionForward<Bf16>& pass);
void attention(const AttentionBackward<float>& pass);
void attention(const AttentionBackward<Bf16>& pass);

}  // namespace edgetran::train::kernels
