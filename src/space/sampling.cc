#include "space/sampling.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "space/point_decoder.h"
#include "space/sobol.h"

namespace edgetran::space {
namespace {

constexpr int64_t kStale = 100;  // draws in a row without news that end sample_distinct

class UniformSampler final : public Sampler {
 public:
  UniformSampler(const DesignSpace& space, base::RandomStream random, Measure measure)
      : decoder_(space, measure), random_(random), point_(size()) {}
  ModelSpec next() override {
    for (double& u : point_) u = random_.uniform();
    return decoder_.decode(point_);
  }

 private:
  size_t size() const { return static_cast<size_t>(decoder_.dimensions()); }
  PointDecoder decoder_;
  base::RandomStream random_;
  std::vector<double> point_;
};

class SobolSampler final : public Sampler {
 public:
  SobolSampler(const DesignSpace& space, base::RandomStream random, Measure measure)
      : decoder_(space, measure), random_(random), point_(size()) {
    const auto seeded = std::min(point_.size(), static_cast<size_t>(kSobolDimensions));
    for (size_t d = 0; d < seeded; ++d) {
      seeds_.push_back(static_cast<uint32_t>(random_.next_u64() >> 32));
    }
  }
  ModelSpec next() override {
    // Half a step inside, so that no coordinate is 1 and none is exactly on an edge.
    for (size_t d = 0; d < seeds_.size(); ++d) {
      const uint32_t bits = owen_scramble(sobol_bits(index_, static_cast<int64_t>(d)), seeds_[d]);
      point_[d] = (bits + 0.5) * 0x1p-32;
    }
    for (size_t d = seeds_.size(); d < point_.size(); ++d) point_[d] = random_.uniform();
    ++index_;
    return decoder_.decode(point_);
  }

 private:
  size_t size() const { return static_cast<size_t>(decoder_.dimensions()); }
  PointDecoder decoder_;
  base::RandomStream random_;
  std::vector<double> point_;
  std::vector<uint32_t> seeds_;
  uint32_t index_ = 0;
};

}  // namespace

std::unique_ptr<Sampler> uniform_sampler(const DesignSpace& space, base::RandomStream random,
                                         Measure measure) {
  return std::make_unique<UniformSampler>(space, random, measure);
}

std::unique_ptr<Sampler> low_discrepancy_sampler(const DesignSpace& space,
                                                 base::RandomStream random, Measure measure) {
  return std::make_unique<SobolSampler>(space, random, measure);
}

std::vector<ModelSpec> sample_distinct(Sampler& sampler, int64_t count) {
  std::vector<ModelSpec> specs;
  std::unordered_set<std::string> seen;
  int64_t stale = 0;
  while (static_cast<int64_t>(specs.size()) < count && stale < kStale) {
    ModelSpec spec = sampler.next();
    if (seen.insert(canonical_hash(spec)).second) {
      specs.push_back(std::move(spec));
      stale = 0;
    } else {
      ++stale;
    }
  }
  return specs;
}

}  // namespace edgetran::space
