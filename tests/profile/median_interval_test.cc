#include "profile/median_interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "base/random.h"

namespace edgetran::profile {
namespace {

using base::RandomStream;
using Generator = std::function<std::vector<double>(RandomStream&, size_t)>;

/// A series of samples with a known median.
struct Source {
  std::string name;
  double median = 0;
  std::vector<size_t> counts;
  Generator draw;
};

Generator each(const std::function<double(RandomStream&)>& next) {
  return [next](RandomStream& stream, size_t count) {
    std::vector<double> values(count);
    for (double& value : values) value = next(stream);
    return values;
  };
}

/// exp of Gaussian AR(1), stationary: skewed and dependent, median 1.
Generator autoregressive(double share) {
  return [share](RandomStream& stream, size_t count) {
    std::vector<double> values(count);
    double state = stream.normal();
    for (double& value : values) {
      state = share * state + std::sqrt(1 - share * share) * stream.normal();
      value = std::exp(0.1 * state);
    }
    return values;
  };
}

std::vector<Source> sources() {
  // The lower of two modes has 0.6 of the samples: its quantile of 0.5 / 0.6 = 5 / 6.
  constexpr double kFiveSixths = 0.967421566101701;
  return {
      {"lognormal", 1, {64, 200, 662}, each([](RandomStream& stream) {
         return std::exp(0.4 * stream.normal());
       })},
      {"bimodal", 1 + 0.02 * kFiveSixths, {64, 200, 662}, each([](RandomStream& stream) {
         return (stream.bernoulli(0.6) ? 1.0 : 1.5) + 0.02 * stream.normal();
       })},
      {"two equal modes", 1.25, {64, 200, 662}, each([](RandomStream& stream) {
         return (stream.bernoulli(0.5) ? 1.0 : 1.5) + 0.02 * stream.normal();
       })},
      {"autocorrelated 0.3", 1, {64, 200, 1000}, autoregressive(0.3)},
      {"autocorrelated 0.6", 1, {200, 1000}, autoregressive(0.6)},
      {"autocorrelated 0.8", 1, {400}, autoregressive(0.8)},
      {"autocorrelated 0.9", 1, {1000}, autoregressive(0.9)},
  };
}

TEST(MedianInterval, CoversTheMedianAsOftenAsItSays) {
  constexpr int kRuns = 2000;
  for (const Source& source : sources())
    for (const size_t count : source.counts) {
      RandomStream stream(count, "test.coverage." + source.name);
      int covered = 0;
      for (int run = 0; run < kRuns; ++run) {
        const auto interval = *median_interval(source.draw(stream, count));
        covered += interval.low <= source.median && source.median <= interval.high ? 1 : 0;
      }
      EXPECT_GE(covered, kRuns * 0.93) << source.name << ", " << count << " samples";
      EXPECT_LE(covered, kRuns * 0.97) << source.name << ", " << count << " samples";
      RecordProperty(source.name + " " + std::to_string(count), covered);
    }
}

// A test of the test: the same interval without its width for dependence covers far less.
TEST(MedianInterval, OfDependentSamplesWouldBeTooNarrowOtherwise) {
  RandomStream stream(2, "test.coverage.naive");
  int covered = 0;
  for (int run = 0; run < 500; ++run) {
    auto values = autoregressive(0.8)(stream, 400);
    stream.shuffle(values);
    const auto interval = *median_interval(values);
    covered += interval.low <= 1 && 1 <= interval.high ? 1 : 0;
  }
  EXPECT_LT(covered, 500 * 0.75);
}

// Ranks of the tables for the median's 95 % interval (Conover, Practical Nonparametric Statistics):
// the interval lies between them and the next ones inside.
TEST(MedianInterval, LiesBetweenTheTabulatedRanks) {
  for (const auto& [n, low] : std::vector<std::pair<int, int>>{
           {6, 1}, {8, 1}, {9, 2}, {10, 2}, {12, 3}, {20, 6}, {25, 8}}) {
    // An order without dependence: values alternate around the middle.
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(i % 2 == 0 ? i / 2 + 1 : n - i / 2);
    const auto interval = median_interval(values);
    ASSERT_TRUE(interval);
    EXPECT_GE(interval->low, low) << n;
    EXPECT_LT(interval->low, low + 1) << n;
    EXPECT_NEAR(interval->low + interval->high, n + 1, 1e-12) << n;
  }
}

TEST(MedianInterval, DoesNotExistBelowSixSamples) {
  EXPECT_FALSE(median_interval(std::vector<double>{1, 2, 3, 4, 5}));
}

TEST(MedianInterval, OfASeriesWithHardlyAnyIndependentSampleIsItsRange) {
  std::vector<double> walk;
  for (int i = 0; i < 64; ++i) walk.push_back(i);
  const auto interval = *median_interval(walk);
  EXPECT_EQ(interval.low, 0);
  EXPECT_EQ(interval.high, 63);
}

TEST(MedianInterval, OfEqualSamplesIsAPoint) {
  const auto interval = *median_interval(std::vector<double>(100, 3.0));
  EXPECT_EQ(interval.low, 3);
  EXPECT_EQ(interval.high, 3);
}

TEST(DependenceFactor, IsOneForConstantAndFewSamples) {
  EXPECT_EQ(dependence_factor(std::vector<double>(100, 3.0)), 1);
  EXPECT_EQ(dependence_factor(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9}), 1);
}

TEST(DependenceFactor, GrowsWithBlocksOfEqualLevel) {
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(i / 40 % 2 == 0 ? 1.0 : 2.0);
  EXPECT_GT(dependence_factor(values), 10);
}

// Signs of Gaussian AR(1) of 0.6: 1 + 2 sum (2 / pi) asin(0.6^k).
TEST(DependenceFactor, OfALongSeriesIsTheTheorys) {
  double expected = 1;
  for (int k = 1; k < 60; ++k) expected += 4 / std::numbers::pi * std::asin(std::pow(0.6, k));
  RandomStream stream(3, "test.dependence");
  EXPECT_NEAR(dependence_factor(autoregressive(0.6)(stream, 100000)) / expected, 1, 0.1);
}

}  // namespace
}  // namespace edgetran::profile
