#pragma once

#include "train/settings.h"

namespace edgetran::train {

/// Learning rate at `progress`, the share of the token budget that was consumed before the step
/// ([0, 1]; more is read as 1). Rises linearly to the peak over warmup_share, then falls linearly,
/// along a half cosine, or not at all. The first step of a warm-up does not stand still: the rate
/// there is that of `next_progress`, the share after the step.
double learning_rate_at(const TrainSettings& settings, double progress, double next_progress);

}  // namespace edgetran::train
