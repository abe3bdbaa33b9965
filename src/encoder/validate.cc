#include "encoder/validate.h"

#include <fmt/core.h>

#include <string>

namespace edgetran::encoder {
namespace {

base::Status in_bounds(const std::string& name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return {};
  return base::fail(base::ErrorCategory::kUsage,
                    fmt::format("{} is {}; it must be {} to {}", name, value, low, high));
}

base::Status count_in_bounds(const std::string& name, size_t count, int64_t high) {
  if (count >= 1 && count <= static_cast<size_t>(high)) return {};
  return base::fail(base::ErrorCategory::kUsage,
                    fmt::format("{} has {} entries; it must have 1 to {}", name, count, high));
}

base::Status validate_layer(const std::string& name, const space::LayerSpec& layer) {
  EDGETRAN_TRY(in_bounds(name + ".width", layer.width, 1, space::kMaxWidth));
  EDGETRAN_TRY(in_bounds(name + ".head_width", layer.head_width, 1, space::kMaxWidth));
  EDGETRAN_TRY(count_in_bounds(name + ".heads", layer.heads.size(), space::kMaxHeads));
  EDGETRAN_TRY(
      count_in_bounds(name + ".feed_forward", layer.feed_forward.size(), space::kMaxStack));
  for (size_t j = 0; j < layer.feed_forward.size(); ++j)
    EDGETRAN_TRY(in_bounds(fmt::format("{}.feed_forward.{}", name, j), layer.feed_forward[j], 1,
                           space::kMaxWidth));
  return {};
}

}  // namespace

base::Status validate_sizes(const space::ModelSpec& spec, const BuildOptions& options) {
  EDGETRAN_TRY(in_bounds("vocabulary", spec.vocabulary, 1, space::kMaxVocabulary));
  EDGETRAN_TRY(in_bounds("positions", spec.positions, 1, space::kMaxPositions));
  EDGETRAN_TRY(in_bounds("types", spec.types, 1, space::kMaxVocabulary));
  EDGETRAN_TRY(in_bounds("embedding", spec.embedding, 0, space::kMaxWidth));  // 0: layers.0.width
  EDGETRAN_TRY(count_in_bounds("layers", spec.layers.size(), space::kMaxLayers));
  for (size_t i = 0; i < spec.layers.size(); ++i)
    EDGETRAN_TRY(validate_layer(fmt::format("layers.{}", i), spec.layers[i]));
  if (options.head == TaskHead::kClassifier)
    EDGETRAN_TRY(in_bounds("labels", options.labels, 1, space::kMaxVocabulary));
  return {};
}

}  // namespace edgetran::encoder
