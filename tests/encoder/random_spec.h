#pragma once

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <rapidcheck.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "base/random.h"
#include "space/model_spec.h"

// Random specs for tests of everything that reads a spec's graph: parity, training, files.

namespace edgetran::encoder::testing {

/// What random_spec draws from: small enough to train and to run in milliseconds.
struct SpecChoices {
  int64_t max_layers = 4;
  int64_t max_stack = 3;
  std::vector<std::string> heads{"sa_sdp", "sa_wma", "l_dft", "l_dct", "c_5", "c_9", "c_13"};
  std::vector<int64_t> widths{4, 8, 12, 20};
  std::vector<int64_t> head_widths{1, 3, 4, 8};  ///< heads x head_width is seldom the width
  std::vector<int64_t> feed_forward{1, 6, 16, 24};
  int64_t max_heads = 5;
  int64_t vocabulary = 50;
  int64_t positions = 24;
};

template <class T>
const T& draw(base::RandomStream& random, const std::vector<T>& items) {
  return items[static_cast<size_t>(random.below(items.size()))];
}

inline int64_t draw_up_to(base::RandomStream& random, int64_t most) {
  return 1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(most)));
}

inline space::LayerSpec random_layer(base::RandomStream& random, const SpecChoices& choices) {
  space::LayerSpec layer;
  layer.width = draw(random, choices.widths);
  layer.head_width = draw(random, choices.head_widths);
  layer.heads.resize(static_cast<size_t>(draw_up_to(random, choices.max_heads)));
  for (std::string& head : layer.heads) head = draw(random, choices.heads);
  layer.feed_forward.resize(static_cast<size_t>(draw_up_to(random, choices.max_stack)));
  for (int64_t& size : layer.feed_forward) size = draw(random, choices.feed_forward);
  return layer;
}

/// A valid spec: widths that differ from layer to layer (half of the time the last one's again),
/// stacks of 1 to 3, an embedding of layer 0's width, of another, or unsaid, both kinds of
/// positions. The same stream gives the same spec.
inline space::ModelSpec random_spec(base::RandomStream& random, const SpecChoices& choices = {}) {
  space::ModelSpec spec;
  spec.vocabulary = choices.vocabulary;
  spec.positions = choices.positions;
  spec.types = draw_up_to(random, 3);
  spec.position =
      random.bernoulli(0.5) ? space::PositionKind::kAbsolute : space::PositionKind::kRelativeKey;
  const int64_t layers = draw_up_to(random, choices.max_layers);
  for (int64_t i = 0; i < layers; ++i) {
    space::LayerSpec layer = random_layer(random, choices);
    if (i > 0 && random.bernoulli(0.5)) layer.width = spec.layers.back().width;
    spec.layers.push_back(layer);
  }
  const std::vector<int64_t> embeddings{0, spec.layers[0].width, draw(random, choices.widths)};
  spec.embedding = draw(random, embeddings);
  return spec;
}

/// random_spec for RapidCheck properties.
inline rc::Gen<space::ModelSpec> arbitrary_spec(const SpecChoices& choices = {}) {
  return rc::gen::map(rc::gen::arbitrary<uint64_t>(), [choices](uint64_t seed) {
    base::RandomStream random(seed, "spec");
    return random_spec(random, choices);
  });
}

}  // namespace edgetran::encoder::testing

namespace edgetran::space {

/// The spec in the messages of failing tests.
inline std::ostream& operator<<(std::ostream& out, const ModelSpec& spec) {
  out << fmt::format("vocabulary {} positions {} {} embedding {} types {}", spec.vocabulary,
                     spec.positions,
                     spec.position == PositionKind::kAbsolute ? "absolute" : "relative_key",
                     spec.embedding, spec.types);
  for (const LayerSpec& layer : spec.layers)
    out << fmt::format(" | {} {}x{} {}", layer.width, fmt::join(layer.heads, "+"), layer.head_width,
                       fmt::join(layer.feed_forward, ","));
  return out;
}

}  // namespace edgetran::space
