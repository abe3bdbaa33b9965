#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "space/model_spec.h"

namespace edgetran::encoder::testing {

using Shapes = std::map<std::string, std::vector<int64_t>>;

/// Names and shapes of an sa_sdp spec's tensors without task head, written down from the design's
/// table of parameter names and not from the code that builds them.
inline Shapes expected_shapes(const space::ModelSpec& spec) {
  Shapes shapes;
  const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
    shapes[name + ".weight"] = {out, in};
    shapes[name + ".bias"] = {out};
  };
  const auto norm = [&](const std::string& name, int64_t width) {
    shapes[name + ".weight"] = shapes[name + ".bias"] = {width};
  };
  const bool absolute = spec.position == space::PositionKind::kAbsolute;
  const int64_t e = spec.embedding == 0 ? spec.layers[0].width : spec.embedding;
  shapes["embeddings.word.weight"] = {spec.vocabulary, e};
  shapes["embeddings.type.weight"] = {spec.types, e};
  if (absolute) shapes["embeddings.position.weight"] = {spec.positions, e};
  norm("embeddings.norm", e);
  if (e != spec.layers[0].width) linear("embeddings.projection", e, spec.layers[0].width);
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const space::LayerSpec& layer = spec.layers[i];
    const std::string name = "layers." + std::to_string(i) + ".";
    const int64_t h = layer.width;
    const int64_t features = static_cast<int64_t>(layer.heads.size()) * layer.head_width;
    for (const char* projection : {"query", "key", "value"}) linear(name + projection, h, features);
    linear(name + "output", features, h);
    if (!absolute) shapes[name + "relative.weight"] = {2 * spec.positions - 1, layer.head_width};
    norm(name + "attention_norm", h);
    std::vector<int64_t> sizes{h};
    sizes.insert(sizes.end(), layer.feed_forward.begin(), layer.feed_forward.end());
    sizes.push_back(h);
    for (size_t j = 0; j + 1 < sizes.size(); ++j)
      linear(name + "feed_forward." + std::to_string(j), sizes[j], sizes[j + 1]);
    norm(name + "feed_forward_norm", h);
    if (i + 1 < spec.layers.size() && spec.layers[i + 1].width != h)
      linear(name + "projection", h, spec.layers[i + 1].width);
  }
  return shapes;
}

}  // namespace edgetran::encoder::testing
