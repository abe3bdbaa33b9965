#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "space/model_spec.h"

namespace edgetran::encoder::testing {

inline std::vector<std::string> sdp(size_t count) {
  return std::vector<std::string>(count, "sa_sdp");
}

/// A BERT of equal layers: heads of width 64, one feed-forward size.
inline space::ModelSpec bert(size_t layers, int64_t width, int64_t feed_forward) {
  space::ModelSpec spec;
  spec.layers.assign(layers, {.width = width,
                              .head_width = 64,
                              .heads = sdp(static_cast<size_t>(width / 64)),
                              .feed_forward = {feed_forward}});
  return spec;
}

/// Everything that a plain BERT has not: an own embedding width, widths that change and stay,
/// heads x head_width other than the width, stacks of 1 to 3, relative keys.
inline space::ModelSpec mixed() {
  space::ModelSpec spec;
  spec.vocabulary = 40;
  spec.positions = 10;
  spec.position = space::PositionKind::kRelativeKey;
  spec.embedding = 6;
  spec.types = 3;
  spec.layers = {{.width = 8, .head_width = 3, .heads = sdp(2), .feed_forward = {12, 5}},
                 {.width = 8, .head_width = 2, .heads = sdp(5), .feed_forward = {7}},
                 {.width = 10, .head_width = 5, .heads = sdp(1), .feed_forward = {4, 9, 11}}};
  return spec;
}

}  // namespace edgetran::encoder::testing
