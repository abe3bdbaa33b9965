#include "space/sampling.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "space_fixture.h"

namespace edgetran::space {
namespace {

base::RandomStream stream(uint64_t seed) { return {seed, "sampling_test"}; }

std::vector<ModelSpec> draw(Sampler& sampler, int count) {
  std::vector<ModelSpec> specs;
  for (int i = 0; i < count; ++i) specs.push_back(sampler.next());
  return specs;
}

/// Pearson's statistic of counts that should be equal.
double chi_square(const std::map<std::string, int>& counts, double expected, size_t cells) {
  double sum = static_cast<double>(cells - counts.size()) * expected;  // cells never hit
  for (const auto& [cell, count] : counts) {
    sum += (count - expected) * (count - expected) / expected;
  }
  return sum;
}

TEST(Sampling, UniformDrawsAreMembers) {
  const DesignSpace space = shipped_space("flexibert2.yaml");
  for (const Measure measure : {Measure::kDecisions, Measure::kDesigns}) {
    const auto sampler = uniform_sampler(space, stream(1), measure);
    for (const ModelSpec& spec : draw(*sampler, 300)) EXPECT_TRUE(space.contains(spec));
  }
}

TEST(Sampling, LowDiscrepancyDrawsAreMembers) {
  const DesignSpace space = shipped_space("flexibert2.yaml");
  const auto sampler = low_discrepancy_sampler(space, stream(1));
  for (const ModelSpec& spec : draw(*sampler, 300)) EXPECT_TRUE(space.contains(spec));
}

TEST(Sampling, DrawsListedHeadWidthsEmbeddingsAndPositions) {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.head_widths = {2, 3};
  space.embeddings = {4, 8};
  space.position = {PositionKind::kAbsolute, PositionKind::kRelativeKey};
  std::set<int64_t> head_widths;
  std::set<int64_t> embeddings;
  std::set<PositionKind> positions;
  const auto sampler = uniform_sampler(space, stream(1));
  for (const ModelSpec& spec : draw(*sampler, 100)) {
    EXPECT_TRUE(space.contains(spec));
    head_widths.insert(spec.layers[0].head_width);
    embeddings.insert(spec.embedding);
    positions.insert(spec.position);
  }
  EXPECT_THAT(head_widths, testing::ElementsAre(2, 3));
  EXPECT_THAT(embeddings, testing::ElementsAre(4, 8));
  EXPECT_EQ(positions.size(), 2U);
}

TEST(Sampling, KDesignsMakesEveryDesignEquallyLikely) {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.layers = {1, 2};
  space.widths = {4};
  space.feed_forward_sizes = {16};  // a layer: 5 multisets, 2 stacks: 10 + 100 designs
  const auto sampler = uniform_sampler(space, stream(7), Measure::kDesigns);
  std::map<std::string, int> counts;
  constexpr int kDraws = 22000;
  for (const ModelSpec& spec : draw(*sampler, kDraws)) ++counts[canonical_hash(spec)];
  ASSERT_EQ(space.size().digits(), "110");
  EXPECT_EQ(counts.size(), 110U) << "every design comes up";
  // 99.99 % of the chi-square distribution with 109 degrees of freedom lies below 170.
  EXPECT_LT(chi_square(counts, kDraws / 110.0, 110), 170);
}

TEST(Sampling, KDecisionsMakesDepthsAndHeadNumbersEquallyLikely) {
  const DesignSpace space = shipped_space("flexibert2.yaml");
  const auto sampler = uniform_sampler(space, stream(3));
  std::map<std::string, int> depths;
  std::map<std::string, int> heads;
  constexpr int kDraws = 6000;
  for (const ModelSpec& spec : draw(*sampler, kDraws)) {
    ++depths[std::to_string(spec.layers.size())];
    ++heads[std::to_string(spec.layers[0].heads.size())];
  }
  EXPECT_LT(chi_square(depths, kDraws / 6.0, 6), 25.7);  // 99.99 %, 5 degrees of freedom
  EXPECT_LT(chi_square(heads, kDraws / 4.0, 4), 21.1);   // 3 degrees
}

TEST(Sampling, MultisetsOfHeadsAreEquallyLikely) {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.layers = {1};
  space.heads = {3};
  space.head_types = {"a", "b", "c"};
  const auto sampler = uniform_sampler(space, stream(5));
  std::map<std::string, int> counts;
  constexpr int kDraws = 10000;
  for (const ModelSpec& spec : draw(*sampler, kDraws)) {
    std::string heads;
    for (const std::string& type : spec.layers[0].heads) heads += type;
    ++counts[heads];
  }
  EXPECT_EQ(counts.size(), 10U);                           // C(5, 3)
  EXPECT_LT(chi_square(counts, kDraws / 10.0, 10), 33.7);  // 99.99 %, 9 degrees
}

TEST(Sampling, LowDiscrepancyCoversADecisionExactly) {
  const DesignSpace space = shipped_space("flexibert2.yaml");
  const auto sampler = low_discrepancy_sampler(space, stream(11));
  std::map<int64_t, int> widths;
  for (const ModelSpec& spec : draw(*sampler, 64)) ++widths[spec.layers[1].width];
  // 64 points of one coordinate fall one into each 64th, and each width owns a quarter.
  EXPECT_THAT(widths, testing::ElementsAre(testing::Pair(128, 16), testing::Pair(256, 16),
                                           testing::Pair(512, 16), testing::Pair(768, 16)));
}

TEST(Sampling, SameSeedSameDrawsOtherSeedOthers) {
  const DesignSpace space = shipped_space("flexibert2.yaml");
  const auto make = [&](bool sobol, uint64_t seed) {
    const auto sampler =
        sobol ? low_discrepancy_sampler(space, stream(seed)) : uniform_sampler(space, stream(seed));
    return draw(*sampler, 20);
  };
  for (const bool sobol : {false, true}) {
    EXPECT_EQ(make(sobol, 1), make(sobol, 1));
    EXPECT_NE(make(sobol, 1), make(sobol, 2));
  }
}

TEST(Sampling, SpacesWithMoreDecisionsThanTheTableStillWork) {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.layers = {64};  // 64 * 7 + 3 coordinates
  const auto sampler = low_discrepancy_sampler(space, stream(1));
  const std::vector<ModelSpec> specs = draw(*sampler, 50);
  std::set<int64_t> last_widths;
  for (const ModelSpec& spec : specs) {
    EXPECT_TRUE(space.contains(spec));
    last_widths.insert(spec.layers.back().width);
  }
  EXPECT_EQ(last_widths.size(), 2U);
}

TEST(Sampling, DistinctSamplesDifferAndEndWithTheSpace) {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.layers = {1};
  space.widths = {4};  // 5 multisets, 6 stacks: 30 designs
  const auto sampler = uniform_sampler(space, stream(2));
  const std::vector<ModelSpec> specs = sample_distinct(*sampler, 1000);
  std::set<std::string> hashes;
  for (const ModelSpec& spec : specs) hashes.insert(canonical_hash(spec));
  EXPECT_EQ(hashes.size(), specs.size());
  EXPECT_EQ(specs.size(), 30U);
  EXPECT_EQ(sample_distinct(*sampler, 3).size(), 3U);
}

TEST(PointDecoder, DoesNotReadCoordinatesOfInactiveLayers) {
  const DesignSpace space = value_of(try_space(kTinySpace));
  const PointDecoder decoder(space, Measure::kDecisions);
  std::vector<double> point(static_cast<size_t>(decoder.dimensions()), 0.3);
  point[0] = 0.1;  // depth 1
  const ModelSpec spec = decoder.decode(point);
  ASSERT_EQ(spec.layers.size(), 1U);
  for (size_t i = 3 + 7; i < point.size(); ++i) point[i] = 0.9;
  EXPECT_EQ(decoder.decode(point), spec);
}

}  // namespace
}  // namespace edgetran::space
