#include "profile/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"

namespace edgetran::profile {
namespace {

std::vector<double> normal_log_ratios(uint64_t seed, size_t n, double mean, double spread) {
  base::RandomStream random(seed, "comparison.test");
  std::vector<double> values(n);
  for (auto& value : values) value = mean + spread * random.normal();
  return values;
}

ComparisonVerdict verdict_of(const std::vector<double>& log_ratios, double margin = kSameMargin) {
  return compare_paired(log_ratios, margin).value().verdict;
}

TEST(ComparePaired, GivesStudentsIntervalOfTheMean) {
  // Mean 0.02, standard error 0.01, t(0.975, 2) = 4.302652729911275.
  const double step = 0.01 * std::sqrt(3.0);
  const auto found = compare_paired(std::vector{0.02 - step, 0.02, 0.02 + step}).value();
  EXPECT_NEAR(found.ratio, std::exp(0.02), 1e-12);
  ASSERT_TRUE(found.interval);
  EXPECT_NEAR(found.interval->low, std::exp(0.02 - 0.04302652729911275), 1e-9);
  EXPECT_NEAR(found.interval->high, std::exp(0.02 + 0.04302652729911275), 1e-9);
  EXPECT_EQ(found.pairs, 3U);
}

TEST(ComparePaired, TellsFasterAndSlowerByTheInterval) {
  EXPECT_EQ(verdict_of({-0.10, -0.11, -0.09, -0.10}), ComparisonVerdict::kFaster);
  EXPECT_EQ(verdict_of({0.10, 0.11, 0.09, 0.10}), ComparisonVerdict::kSlower);
}

TEST(ComparePaired, SaysSameWhereTheWholeIntervalIsWithinTheMargin) {
  EXPECT_EQ(verdict_of({0.001, -0.001, 0.002, 0.0}), ComparisonVerdict::kSame);
  // Surely slower, but by too little to matter.
  EXPECT_EQ(verdict_of({0.0051, 0.0050, 0.0049, 0.0050}), ComparisonVerdict::kSame);
  EXPECT_EQ(verdict_of({0.0051, 0.0050, 0.0049, 0.0050}, 0.001), ComparisonVerdict::kSlower);
}

TEST(ComparePaired, IsAmbiguousWhereTheIntervalHoldsOneAndLeavesTheMargin) {
  EXPECT_EQ(verdict_of({0.10, -0.10, 0.08, -0.07}), ComparisonVerdict::kAmbiguous);
}

TEST(ComparePaired, IsAmbiguousWithoutAnIntervalBelowTwoPairs) {
  for (const std::vector<double>& few : {std::vector<double>{}, std::vector<double>{-0.5}}) {
    const auto found = compare_paired(few).value();
    EXPECT_EQ(found.verdict, ComparisonVerdict::kAmbiguous);
    EXPECT_FALSE(found.interval);
  }
}

TEST(ComparePaired, ExchangesFasterAndSlowerWithItsSides) {
  const auto there = normal_log_ratios(3, 12, 0.05, 0.02);
  std::vector<double> back;
  for (const double value : there) back.push_back(-value);
  const auto a = compare_paired(there).value();
  const auto b = compare_paired(back).value();
  EXPECT_EQ(a.verdict, ComparisonVerdict::kSlower);
  EXPECT_EQ(b.verdict, ComparisonVerdict::kFaster);
  EXPECT_NEAR(a.interval->low * b.interval->high, 1, 1e-12);
}

TEST(ComparePaired, RefusesWhatIsNoNumberAndMarginsThatTellNothing) {
  const std::vector<double> good = {0.1, 0.2};
  EXPECT_FALSE(compare_paired(std::vector{0.1, std::nan("")}));
  EXPECT_FALSE(compare_paired(std::vector{0.1, std::numeric_limits<double>::infinity()}));
  for (const double margin : {0.0, -0.1, std::nan("")}) EXPECT_FALSE(compare_paired(good, margin));
  EXPECT_TRUE(compare_paired(good));
}

TEST(ComparePaired, IntervalCoversTheTruthInNinetyFiveOfAHundred) {
  constexpr int kRuns = 2000;
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto found =
        compare_paired(normal_log_ratios(static_cast<uint64_t>(run), 10, 0.03, 0.05)).value();
    covered += found.interval->low <= std::exp(0.03) && found.interval->high >= std::exp(0.03);
  }
  EXPECT_GE(covered, 0.93 * kRuns);
  EXPECT_LE(covered, 0.97 * kRuns);
}

TEST(ComparePaired, SaysDifferentOfEqualThingsInAtMostOneOfTwenty) {
  constexpr int kRuns = 2000;
  int different = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto verdict = verdict_of(normal_log_ratios(static_cast<uint64_t>(run), 20, 0, 0.10));
    different += verdict == ComparisonVerdict::kFaster || verdict == ComparisonVerdict::kSlower;
  }
  EXPECT_LE(different, 0.065 * kRuns);
  EXPECT_GT(different, 0);
}

TEST(Reproducibility, IsTheSpreadOfASingleMeasurement) {
  // Two measurements of spread s differ by sqrt(2) s.
  const auto found = reproducibility(normal_log_ratios(5, 4000, 0, 0.02 * std::sqrt(2.0))).value();
  EXPECT_NEAR(found.spread, 0.02, 0.001);
  EXPECT_EQ(found.shift.verdict, ComparisonVerdict::kSame);
}

TEST(Reproducibility, IntervalCoversTheTrueSpread) {
  constexpr int kRuns = 2000;
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto found = reproducibility(normal_log_ratios(static_cast<uint64_t>(run) + 10000, 5, 0,
                                                         0.03 * std::sqrt(2.0)))
                           .value();
    covered += found.interval->low <= 0.03 && found.interval->high >= 0.03;
  }
  EXPECT_GE(covered, 0.93 * kRuns);
  EXPECT_LE(covered, 0.97 * kRuns);
}

TEST(Reproducibility, HasNoIntervalWithoutRepeats) {
  const auto found = reproducibility({}).value();
  EXPECT_EQ(found.shift.pairs, 0U);
  EXPECT_FALSE(found.interval);
}

}  // namespace
}  // namespace edgetran::profile
