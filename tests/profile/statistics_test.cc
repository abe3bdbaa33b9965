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
