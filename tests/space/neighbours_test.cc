#include "space/neighbours.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <queue>
#include <set>

#include "space/sampling.h"
#include "space_fixture.h"

namespace edgetran::space {
namespace {

std::set<std::string> hashes(const std::vector<ModelSpec>& specs) {
  std::set<std::string> found;
  for (const ModelSpec& spec : specs) found.insert(canonical_hash(spec));
  return found;
}

DesignSpace gappy_space() {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.layers = {1, 3};
  space.heads = {1, 3, 4};
  space.widths = {4, 8, 16};
  space.feed_forward_depths = {1, 3};
  space.head_widths = {2, 4};
  space.embeddings = {4, 8, 16};
  space.position = {PositionKind::kAbsolute, PositionKind::kRelativeKey};
  return space;
}

void expect_valid_and_symmetric(const DesignSpace& space, int draws) {
  const auto sampler = uniform_sampler(space, {17, "neighbours_test"});
  for (int i = 0; i < draws; ++i) {
    const ModelSpec spec = sampler->next();
    const std::string hash = canonical_hash(spec);
    const auto neighbours = value_of(one_edit_neighbours(space, spec));
    const std::set<std::string> found = hashes(neighbours);
    EXPECT_EQ(found.size(), neighbours.size()) << "each once";
    EXPECT_FALSE(found.contains(hash)) << "not itself";
    for (const ModelSpec& neighbour : neighbours) {
      EXPECT_TRUE(space.contains(neighbour));
      EXPECT_TRUE(hashes(value_of(one_edit_neighbours(space, neighbour))).contains(hash))
          << "back from " << base::dump_json(model_spec_json(neighbour)) << "\nto "
          << base::dump_json(model_spec_json(spec));
    }
  }
}

TEST(Neighbours, AreValidOnceAndSymmetricInATinySpace) {
  expect_valid_and_symmetric(value_of(try_space(kTinySpace)), 15);
}

TEST(Neighbours, AreValidOnceAndSymmetricWithGapsAndListedWidths) {
  expect_valid_and_symmetric(gappy_space(), 10);
}

TEST(Neighbours, AreValidOnceAndSymmetricInFlexibert2) {
  DesignSpace space = shipped_space("flexibert2.yaml");
  space.layers = {2, 4};  // the same moves, in less time
  expect_valid_and_symmetric(space, 1);
}

TEST(Neighbours, ConnectTheWholeSpace) {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.widths = {4};
  space.feed_forward_sizes = {16};  // 10 + 100 designs
  const auto sampler = uniform_sampler(space, {1, "start"});
  std::queue<ModelSpec> open;
  open.push(sampler->next());
  std::set<std::string> seen = {canonical_hash(open.front())};
  for (; !open.empty(); open.pop()) {
    for (ModelSpec& next : value_of(one_edit_neighbours(space, open.front()))) {
      if (seen.insert(canonical_hash(next)).second) open.push(std::move(next));
    }
  }
  EXPECT_EQ(std::to_string(seen.size()), space.size().digits());
}

TEST(Neighbours, OfASmallDesignAreTheseAndNoOthers) {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.layers = {1};
  const ModelSpec spec = value_of(try_spec(R"({"vocabulary": 100, "positions": 16, "layers": [
    {"width": 4, "heads": ["sa_sdp"], "feed_forward": [16]}]})"));
  std::vector<LayerSpec> layers;
  for (const ModelSpec& neighbour : value_of(one_edit_neighbours(space, spec))) {
    layers.push_back(neighbour.layers[0]);
  }
  EXPECT_THAT(
      layers,
      testing::UnorderedElementsAre(
          LayerSpec{8, 8, {"sa_sdp"}, {16}}, LayerSpec{4, 4, {"l_dft"}, {16}},
          LayerSpec{4, 2, {"sa_sdp", "sa_sdp"}, {16}}, LayerSpec{4, 2, {"sa_sdp", "l_dft"}, {16}},
          LayerSpec{4, 4, {"sa_sdp"}, {32}}, LayerSpec{4, 4, {"sa_sdp"}, {16, 16}},
          LayerSpec{4, 4, {"sa_sdp"}, {32, 16}}, LayerSpec{4, 4, {"sa_sdp"}, {16, 32}}));
}

TEST(Neighbours, KeepTheListedOrderOfHeads) {
  DesignSpace space = value_of(try_space(kTinySpace));
  space.heads = {3, 4};
  space.head_types = {"a", "b", "c"};
  space.layers = {1};
  const ModelSpec spec = value_of(try_spec(R"({"vocabulary": 100, "positions": 16, "layers": [
    {"width": 4, "heads": ["c", "a", "b"], "feed_forward": [16]}]})"));
  for (const ModelSpec& neighbour : value_of(one_edit_neighbours(space, spec))) {
    const auto& heads = neighbour.layers[0].heads;
    int64_t kept = 0;
    for (size_t k = 0; k < 3; ++k) kept += heads[k] == spec.layers[0].heads[k] ? 1 : 0;
    EXPECT_GE(kept, 2) << "at most one head changes in place";
  }
}

TEST(Neighbours, RefuseASpecOutsideTheSpace) {
  const DesignSpace space = value_of(try_space(kTinySpace));
  const auto neighbours =
      one_edit_neighbours(space, value_of(try_spec(
                                     R"({"vocabulary": 100, "positions": 16, "layers": [
          {"width": 5, "heads": ["sa_sdp"], "feed_forward": [16]}]})")));
  EXPECT_THAT(error_of(neighbours), testing::HasSubstr("layers.0.width: 5"));
}

}  // namespace
}  // namespace edgetran::space
