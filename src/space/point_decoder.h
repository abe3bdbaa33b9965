#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "space/design_space.h"

namespace edgetran::space {

/// What "uniform" is over. kDecisions: depth, width, number of heads and length of the stack are
/// each uniform, then the multiset of heads and the sizes of the stack are uniform among those; so
/// small and large encoders are equally likely. kDesigns: every member of the space is equally
/// likely, which in FlexiBERT 2.0 is nearly always 12 layers of mostly 12 heads.
enum class Measure { kDecisions, kDesigns };

/// Turns a point of the unit cube into a member of the space; the one place where decisions are
/// drawn. Coordinates: depth, position, embedding, then for each layer width, number of heads,
/// head multiset, head width, stack length, stack sizes. Layers beyond the depth are inactive:
/// their coordinates are not read.
class PointDecoder {
 public:
  PointDecoder(const DesignSpace& space, Measure measure);
  /// Coordinates of a point.
  int64_t dimensions() const;
  /// `point` [dimensions], each in [0, 1). Heads come in the space's order of types.
  ModelSpec decode(std::span<const double> point) const;

 private:
  LayerSpec decode_layer(std::span<const double> point) const;
  DesignSpace space_;
  std::vector<double> depth_shares_;  // cumulative, last is 1
  std::vector<double> heads_shares_;
  std::vector<double> stack_shares_;
  std::vector<std::vector<uint64_t>> ways_;  // multisets by [types - 1][heads]
};

}  // namespace edgetran::space
