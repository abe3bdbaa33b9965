#pragma once

#include <cstdint>
#include <string_view>

#include "train/settings.h"

namespace edgetran::train {

/// Learning rate at `progress`, the share of the token budget that was consumed before the step
/// ([0, 1]; more is read as 1). Rises linearly to the peak over warmup_share, then falls linearly,
/// along a half cosine, or not at all. The first step of a warm-up does not stand still: the rate
/// there is that of `next_progress`, the share after the step.
double learning_rate_at(const TrainSettings& settings, double progress, double next_progress);

/// Factor of the learning rate of a parameter by its name (encoder.md, section 3) under layer-wise
/// decay: decay^(depth - i) in layer i of 0 .. depth - 1, decay^(depth + 1) in the embeddings, 1 in
/// what follows the last layer (pooler, classifier, language-model head).
double layer_rate_factor(std::string_view parameter, int64_t depth, double decay);

}  // namespace edgetran::train
