#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
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
  std::vector<uint64_t> multisets_;  // of each allowed number of heads
  std::vector<uint64_t> stacks_;     // of each allowed length of a stack
};

/// Gives members of a space one after the other, for ever; repeats are possible.
class Sampler {
 public:
  virtual ~Sampler() = default;
  virtual ModelSpec next() = 0;
};

/// Independent draws from `measure`.
std::unique_ptr<Sampler> uniform_sampler(const DesignSpace& space, base::RandomStream random,
                                         Measure measure = Measure::kDecisions);

/// A scrambled Sobol sequence (sobol.h) over the decisions: n draws cover every decision far more
/// evenly than independent ones. Coordinates beyond kSobolDimensions are independent draws.
std::unique_ptr<Sampler> low_discrepancy_sampler(const DesignSpace& space,
                                                 base::RandomStream random,
                                                 Measure measure = Measure::kDecisions);

/// The first `count` designs of a sampler that differ in canonical hash. Fewer where the space
/// has fewer (or where 100 draws in a row brought nothing new).
std::vector<ModelSpec> sample_distinct(Sampler& sampler, int64_t count);

}  // namespace edgetran::space
