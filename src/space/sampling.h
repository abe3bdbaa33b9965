#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "space/design_space.h"
#include "space/point_decoder.h"

namespace edgetran::space {

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
