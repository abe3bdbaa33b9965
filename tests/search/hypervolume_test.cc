#include "search/hypervolume.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace edgetran::search {
namespace {

/// By inclusion and exclusion over all subsets of boxes.
double by_inclusion_exclusion(const std::vector<Costs>& points, const Costs& reference) {
  double total = 0;
  for (uint32_t subset = 1; subset < (1U << points.size()); ++subset) {
    Costs corner(reference.size(), -1e300);
    int size = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      if ((subset >> i & 1U) == 0) continue;
      ++size;
      for (size_t m = 0; m < corner.size(); ++m) corner[m] = std::max(corner[m], points[i][m]);
    }
    double volume = 1;
    for (size_t m = 0; m < corner.size(); ++m) volume *= std::max(0.0, reference[m] - corner[m]);
    total += size % 2 == 1 ? volume : -volume;
  }
  return total;
}

/// Number of unit cells below an integer reference that some integer point covers.
double by_counting_cells(const std::vector<Costs>& points, const Costs& reference) {
  double covered = 0;
  Costs cell(reference.size(), 0);
  while (true) {
    const auto covers = [&](const Costs& point) {
      return std::equal(point.begin(), point.end(), cell.begin(), std::less_equal<>());
    };
    covered += std::ranges::any_of(points, covers) ? 1 : 0;
    size_t m = 0;
    while (m < cell.size() && ++cell[m] == reference[m]) cell[m++] = 0;
    if (m == cell.size()) return covered;
  }
}

class HypervolumeOf : public testing::TestWithParam<size_t> {};

TEST_P(HypervolumeOf, AgreesWithInclusionAndExclusion) {
  base::RandomStream random(GetParam(), "hypervolume_test");
  const Costs reference(GetParam(), 0.9);  // some points are beyond it
  for (int round = 0; round < 40; ++round) {
    std::vector<Costs> points(random.below(9), Costs(GetParam()));
    for (Costs& point : points) {
      for (double& value : point) value = random.uniform();
    }
    EXPECT_NEAR(hypervolume(points, reference), by_inclusion_exclusion(points, reference), 1e-12);
  }
}

TEST_P(HypervolumeOf, AgreesWithCountedCellsWherePointsTie) {
  base::RandomStream random(GetParam(), "hypervolume_ties");
  const Costs reference(GetParam(), 5);
  for (int round = 0; round < 20; ++round) {
    std::vector<Costs> points(12, Costs(GetParam()));
    for (Costs& point : points) {
      for (double& value : point) value = static_cast<double>(random.below(6));
    }
    EXPECT_EQ(hypervolume(points, reference), by_counting_cells(points, reference));
  }
}

TEST_P(HypervolumeOf, DoesNotDependOnTheOrderOfObjectivesOrPoints) {
  base::RandomStream random(GetParam(), "hypervolume_order");
  std::vector<Costs> points(30, Costs(GetParam()));
  for (Costs& point : points) {
    for (double& value : point) value = random.uniform();
  }
  const Costs reference(GetParam(), 1);
  const double volume = hypervolume(points, reference);
  std::ranges::reverse(points);
  for (Costs& point : points) std::ranges::rotate(point, point.begin() + 1 % GetParam());
  EXPECT_NEAR(hypervolume(points, reference), volume, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Objectives, HypervolumeOf, testing::Values(1, 2, 3, 4, 5));

TEST(Hypervolume, OfATwoPointFrontIsHandComputed) {
  EXPECT_DOUBLE_EQ(hypervolume({{1, 3}, {2, 1}}, {4, 4}), 3 * 1 + 2 * 2);
  EXPECT_DOUBLE_EQ(hypervolume({{1, 1, 1}, {0, 2, 2}}, {3, 3, 3}), 8 + 3 - 2);
}

TEST(Hypervolume, OfNothingIsZero) {
  EXPECT_EQ(hypervolume({}, {1, 1}), 0);
  EXPECT_EQ(hypervolume({{1, 0}}, {1, 1}), 0) << "on the edge of the reference";
}

}  // namespace
}  // namespace edgetran::search
