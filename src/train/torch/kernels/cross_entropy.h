#pragma once

#include <cstdint>

#include "train/torch/kernels/element.h"

namespace edgetran::train::kernels {

/// Cross-entropy in nats of one row of logits [classes] against class `target`. The logits become
/// their gradient times `share` (1 / rows for a mean). NaN where a logit is not finite. `scratch`
/// has room for a row.
double consume_row(float* logits, int64_t classes, int64_t target, double share, float* scratch);
double consume_row(Bf16* logits, int64_t classes, int64_t target, double share, float* scratch);

}  // namespace edgetran::train::kernels
