#include "search/pareto.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "base/random.h"

namespace edgetran::search {
namespace {

using testing::ElementsAre;

/// Points on a coarse grid, so that ties and repeats are common.
std::vector<Costs> random_points(base::RandomStream& random, size_t count, size_t objectives,
                                 uint64_t grid) {
  std::vector<Costs> points(count, Costs(objectives));
  for (Costs& point : points) {
    for (double& value : point) value = static_cast<double>(random.below(grid));
  }
  return points;
}

/// By the definition: peel off what nothing left dominates.
std::vector<int64_t> ranks_by_peeling(const std::vector<Costs>& points) {
  std::vector<int64_t> ranks(points.size(), -1);
  size_t left = points.size();
  for (int64_t rank = 0; left > 0; ++rank) {
    std::vector<size_t> front;
    for (size_t i = 0; i < points.size(); ++i) {
      bool dominated = ranks[i] >= 0;
      for (size_t j = 0; j < points.size() && !dominated; ++j) {
        if (ranks[j] >= 0) continue;
        bool no_worse = true;
        for (size_t m = 0; m < points[i].size(); ++m) no_worse &= points[j][m] <= points[i][m];
        dominated = no_worse && points[j] != points[i];
      }
      if (!dominated) front.push_back(i);
    }
    for (const size_t i : front) ranks[i] = rank;
    left -= front.size();
  }
  return ranks;
}

TEST(Dominates, NeedsNoWorseAndSomewhereBetter) {
  EXPECT_TRUE(dominates({1, 2}, {1, 3}));
  EXPECT_FALSE(dominates({1, 2}, {1, 2}));
  EXPECT_FALSE(dominates({1, 3}, {2, 2}));
}

class ParetoAgainstPeeling : public testing::TestWithParam<size_t> {};

TEST_P(ParetoAgainstPeeling, RanksAgree) {
  base::RandomStream random(GetParam(), "pareto_test");
  for (int round = 0; round < 60; ++round) {
    const auto points = random_points(random, random.below(40), GetParam(), 2 + random.below(9));
    const std::vector<int64_t> expected = ranks_by_peeling(points);
    EXPECT_EQ(non_dominated_ranks(points), expected);
    std::vector<size_t> front;
    for (size_t i = 0; i < points.size(); ++i) {
      if (expected[i] == 0) front.push_back(i);
    }
    EXPECT_EQ(non_dominated(points), front);
  }
}

INSTANTIATE_TEST_SUITE_P(Objectives, ParetoAgainstPeeling, testing::Values(1, 2, 3, 4, 5));

TEST(NonDominated, KeepsEqualPoints) {
  EXPECT_THAT(non_dominated({{1, 2}, {2, 2}, {1, 2}, {0, 9}}), ElementsAre(0, 2, 3));
}

TEST(NonDominated, OfNothingIsNothing) {
  EXPECT_TRUE(non_dominated({}).empty());
  EXPECT_TRUE(non_dominated_ranks({}).empty());
  EXPECT_TRUE(crowding_distances({}).empty());
}

TEST(CrowdingDistances, AreTheGapsBetweenNeighboursOverTheRange) {
  const double infinity = std::numeric_limits<double>::infinity();
  // Objective 0: gaps 1..4 of range 10; objective 1: 10..0 of range 10.
  EXPECT_THAT(
      crowding_distances({{0, 10}, {1, 6}, {4, 5}, {10, 0}}),
      ElementsAre(infinity, testing::DoubleEq(0.4 + 0.5), testing::DoubleEq(0.9 + 0.6), infinity));
}

TEST(CrowdingDistances, OfOneValueAreNotANumberNowhere) {
  for (const double distance : crowding_distances({{1, 1}, {1, 1}, {1, 1}})) {
    EXPECT_GE(distance, 0);
  }
}

}  // namespace
}  // namespace edgetran::search
