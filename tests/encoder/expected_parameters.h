#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "space/model_spec.h"

namespace edgetran::encoder::testing {

using Shapes = std::map<std::string, std::vector<int64_t>>;

/// Adds the tensors of head `name` ("layers.0.heads.2") of width d.
inline void add_head_shapes(const std::string& type, const std::string& name, int64_t d,
                            Shapes& shapes) {
  if (type == "sa_wma") shapes[name + ".mixing"] = {d, d};
  if (!type.starts_with("c_")) return;
  const int64_t taps = std::stoll(type.substr(2));
  shapes[name + ".depthwise.weight"] = {d, taps};
  for (const char* map : {".pointwise", ".value"}) {
    shapes[name + map + ".weight"] = {d, d};
    shapes[name + map + ".bias"] = {d};
  }
  shapes[name + ".kernel.weight"] = {taps, d};
  shapes[name + ".kernel.bias"] = {taps};
}

/// Names and shapes of a spec's tensors without task head, written down from the design's
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
    int64_t asking = 0;  // heads with queries and keys
    bool attends = false;
    for (size_t k = 0; k < layer.heads.size(); ++k) {
      const std::string& type = layer.heads[k];
      if (!type.starts_with("l_")) ++asking;
      attends = attends || type.starts_with("sa_");
      add_head_shapes(type, name + "heads." + std::to_string(k), layer.head_width, shapes);
    }
    for (const char* projection : {"query", "key"})
      if (asking > 0) linear(name + projection, h, asking * layer.head_width);
    linear(name + "value", h, features);
    linear(name + "output", features, h);
    if (!absolute && attends)
      shapes[name + "relative.weight"] = {2 * spec.positions - 1, layer.head_width};
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
