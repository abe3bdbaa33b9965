#pragma once

#include <cstdint>

namespace edgetran::train::kernels {

/// One step of AdamW (Loshchilov and Hutter, ICLR 2019) in the numbers that an element needs.
struct AdamWStep {
  float beta1 = 0, beta2 = 0;
  float step_size = 0;   ///< learning rate over the first moment's bias correction
  float root_scale = 0;  ///< 1 / sqrt of the second moment's bias correction
  float epsilon = 0;
  float keep = 0;            ///< 1 − learning rate · decay
  float gradient_scale = 0;  ///< of clipping
};

/// Updates `count` weights and their moments by their gradients, in one pass.
void adamw(const AdamWStep& step, const float* gradient, int64_t count, float* weight, float* first,
           float* second);

/// Sum of squares, always in the same order.
double sum_of_squares(const float* values, int64_t count);

}  // namespace edgetran::train::kernels
