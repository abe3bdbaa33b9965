#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "space/model_spec.h"

namespace edgetran::testing {

/// A small valid encoder of scaled dot-product heads, every field drawn: sizes that do not divide
/// each other, embeddings of another width, both kinds of positions.
inline space::ModelSpec random_spec(uint64_t seed) {
  base::RandomStream random(seed, "random_spec");
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
  };
  space::ModelSpec spec{
      .vocabulary = pick(20, 60), .positions = pick(9, 24), .types = pick(1, 3), .layers = {}};
  spec.position =
      random.bernoulli(0.5) ? space::PositionKind::kAbsolute : space::PositionKind::kRelativeKey;
  const int64_t layers = pick(1, 4);
  for (int64_t i = 0; i < layers; ++i) {
    space::LayerSpec layer;
    layer.width = 4 * pick(2, 5);
    layer.head_width = pick(3, 8);
    if (i > 0 && random.bernoulli(0.5)) layer.width = spec.layers.back().width;
    layer.heads.assign(static_cast<size_t>(pick(1, 4)), "sa_sdp");
    const int64_t depth = pick(1, 3);
    for (int64_t j = 0; j < depth; ++j) layer.feed_forward.push_back(4 * pick(2, 8));
    spec.layers.push_back(std::move(layer));
  }
  spec.embedding = random.bernoulli(0.5) ? 4 * pick(2, 5) : spec.layers.front().width;
  return spec;
}

}  // namespace edgetran::testing
