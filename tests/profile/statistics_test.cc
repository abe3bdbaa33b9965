#include "profile/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace edgetran::profile {
namespace {

std::vector<double> normals(base::RandomStream& stream, size_t count, double mean, double sigma) {
  std::vector<double> values(count);
  for (double& value : values) value = mean + sigma * stream.normal();
  return values;
}

TEST(Median, OfOddAndEvenCounts) {
  EXPECT_EQ(median(std::vector{3.0, 1.0, 2.0}), 2);
  EXPECT_EQ(median(std::vector{4.0, 1.0, 3.0, 2.0}), 2.5);
  EXPECT_EQ(median(std::vector{7.0}), 7);
}

TEST(Quantile, IsTheNearestRank) {
  std::vector<double> ten = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
  EXPECT_EQ(quantile(ten, 0.9), 9);
  EXPECT_EQ(quantile(ten, 0.91), 10);
  EXPECT_EQ(quantile(ten, 1), 10);
  EXPECT_EQ(quantile(ten, 0.01), 1);
}

// Ranks of the tables for the median's 95 % interval (Conover, Practical Nonparametric Statistics).
TEST(MedianInterval, UsesTheTabulatedRanks) {
  for (const auto& [n, low, high] : std::vector<std::tuple<int, int, int>>{
           {6, 1, 6}, {8, 1, 8}, {9, 2, 8}, {10, 2, 9}, {12, 3, 10}, {20, 6, 15}, {25, 8, 18}}) {
    // An order without dependence for the batch means: values alternate around the middle.
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(i % 2 == 0 ? i / 2 + 1 : n - i / 2);
    const auto interval = median_interval(values);
    ASSERT_TRUE(interval);
    EXPECT_EQ(interval->low, low) << n;
    EXPECT_EQ(interval->high, high) << n;
  }
}

TEST(MedianInterval, DoesNotExistBelowSixSamples) {
  EXPECT_FALSE(median_interval(std::vector<double>{1, 2, 3, 4, 5}));
}

TEST(MedianInterval, CoversTheMedianOfSkewedSamplesAsOftenAsItSays) {
  base::RandomStream stream(1, "test.coverage");
  int covered = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(80);
    for (double& value : values) value = std::exp(stream.normal());  // median 1
    const auto interval = *median_interval(values);
    covered += interval.low <= 1 && 1 <= interval.high ? 1 : 0;
  }
  // Nominal 95 %; four binomial standard deviations below, and not always everything.
  EXPECT_GE(covered, kTrials * 0.91);
  EXPECT_LT(covered, kTrials);
}

TEST(MedianInterval, CoversTheMedianOfDependentSamples) {
  base::RandomStream stream(2, "test.coverage.dependent");
  int covered = 0;
  int covered_as_if_independent = 0;
  constexpr int kTrials = 300;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(400);
    double state = stream.normal();
    for (double& value : values) {
      state = 0.8 * state + 0.6 * stream.normal();
      value = 10 + state;
    }
    const auto interval = *median_interval(values);
    covered += interval.low <= 10 && 10 <= interval.high ? 1 : 0;
    stream.shuffle(values);
    const auto naive = *median_interval(values);
    covered_as_if_independent += naive.low <= 10 && 10 <= naive.high ? 1 : 0;
  }
  EXPECT_GE(covered, kTrials * 0.85);
  EXPECT_GT(covered, covered_as_if_independent + kTrials / 10);
}

TEST(DependenceFactor, IsOneForConstantSamples) {
  EXPECT_EQ(dependence_factor(std::vector<double>(100, 3.0)), 1);
}

TEST(DependenceFactor, GrowsWithBlocksOfEqualLevel) {
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(i / 40 % 2 == 0 ? 1.0 : 2.0);
  EXPECT_GT(dependence_factor(values), 10);
}

TEST(Variation, IsStandardDeviationOverMean) {
  // Mean 5, squared deviations 9 + 1 + 1 + 9 = 20, over 3.
  EXPECT_NEAR(coefficient_of_variation(std::vector<double>{2, 4, 6, 8}), std::sqrt(20.0 / 3) / 5,
              1e-15);
  EXPECT_EQ(coefficient_of_variation(std::vector<double>{2}), 0);
}

TEST(Spread, IgnoresAnOutlierAndMeetsTheNormalSigma) {
  base::RandomStream stream(3, "test.spread");
  auto values = normals(stream, 4000, 100, 2);
  values[17] = 1e6;
  EXPECT_NEAR(relative_spread(values), 0.02, 0.001);
}

TEST(Trend, MatchesBruteForceKendallAndTheilSen) {
  base::RandomStream stream(4, "test.trend");
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<double> values(40);
    for (double& value : values) value = 5 + static_cast<double>(stream.below(7));  // with ties
    double score = 0;
    std::vector<double> slopes;
    for (size_t i = 0; i < values.size(); ++i) {
      for (size_t j = i + 1; j < values.size(); ++j) {
        score += values[j] > values[i] ? 1 : (values[j] < values[i] ? -1 : 0);
        slopes.push_back((values[j] - values[i]) / static_cast<double>(j - i));
      }
    }
    double ties = 0;
    for (int level = 5; level < 12; ++level) {
      const auto t =
          static_cast<double>(std::count(values.begin(), values.end(), static_cast<double>(level)));
      ties += t * (t - 1) * (2 * t + 5);
    }
    const double variance = (40.0 * 39 * 85 - ties) / 18;
    const double z = std::max(0.0, std::abs(score) - 1) / std::sqrt(variance);
    const Trend found = trend(values);
    EXPECT_NEAR(found.p_value, std::erfc(z / std::sqrt(2.0)), 1e-12);
    EXPECT_NEAR(found.total_drift, median(slopes) * 40 / median(values), 1e-12);
  }
}

TEST(Trend, FindsARampInNoise) {
  base::RandomStream stream(5, "test.ramp");
  auto values = normals(stream, 200, 10, 0.1);
  for (size_t i = 0; i < values.size(); ++i) values[i] += 0.005 * static_cast<double>(i);
  const Trend found = trend(values);
  EXPECT_LT(found.p_value, 1e-6);
  EXPECT_NEAR(found.total_drift, 1.0 / 10.5, 0.02);
}

TEST(Trend, SaysNothingOfConstantOrFewSamples) {
  EXPECT_EQ(trend(std::vector<double>(50, 1.0)).p_value, 1);
  EXPECT_EQ(trend(std::vector<double>{1, 2, 3, 4, 5, 6, 7}).p_value, 1);
}

TEST(ChangePoint, FindsTheStepAndItsPlace) {
  base::RandomStream stream(6, "test.step");
  auto values = normals(stream, 100, 10, 0.2);
  for (size_t i = 60; i < values.size(); ++i) values[i] += 1;
  const ChangePoint found = change_point(values);
  EXPECT_LT(found.p_value, 1e-6);
  EXPECT_NEAR(static_cast<double>(found.index), 60, 3);
  EXPECT_NEAR(found.step, 0.1, 0.02);
}

TEST(ChangePoint, FalseAlarmsAreRare) {
  base::RandomStream stream(7, "test.no-step");
  int alarms = 0;
  for (int trial = 0; trial < 300; ++trial) {
    alarms += change_point(normals(stream, 100, 10, 1)).p_value <= 0.01 ? 1 : 0;
  }
  EXPECT_LE(alarms, 9);  // 1 % of 300 is 3
}

TEST(Outliers, AreFoundAndNothingElse) {
  base::RandomStream stream(8, "test.outliers");
  auto values = normals(stream, 1000, 1, 0.01);
  values[10] = 2;
  values[500] = 0.5;
  EXPECT_EQ(outliers(values, 0), (std::vector<size_t>{10, 500}));
}

TEST(Outliers, WithinTheTimersResolutionAreNone) {
  std::vector<double> values(100, 1.0);
  values[3] = 1.0 + 2e-6;
  EXPECT_TRUE(outliers(values, 3e-6).empty());
  EXPECT_EQ(outliers(values, 1e-6).size(), 1U);
}

}  // namespace
}  // namespace edgetran::profile
