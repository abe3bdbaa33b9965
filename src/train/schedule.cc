#include "train/schedule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

namespace edgetran::train {

double learning_rate_at(const TrainSettings& settings, double progress, double next_progress) {
  const double warmup = settings.warmup_share;
  const double at = std::clamp(progress, 0.0, 1.0);
  if (at < warmup) {
    return settings.learning_rate * std::min(std::clamp(next_progress, 0.0, 1.0) / warmup, 1.0);
  }
  if (settings.schedule == "constant" || warmup >= 1) return settings.learning_rate;
  const double fallen = (at - warmup) / (1 - warmup);
  const double factor =
      settings.schedule == "cosine" ? 0.5 * (1 + std::cos(std::numbers::pi * fallen)) : 1 - fallen;
  return settings.learning_rate * factor;
}

double layer_rate_factor(std::string_view parameter, int64_t depth, double decay) {
  constexpr std::string_view kLayers = "layers.";
  if (parameter.starts_with("embeddings.")) return std::pow(decay, depth + 1);
  if (!parameter.starts_with(kLayers)) return 1;
  int64_t layer = 0;
  std::from_chars(parameter.data() + kLayers.size(), parameter.data() + parameter.size(), layer);
  return std::pow(decay, depth - layer);
}

}  // namespace edgetran::train
