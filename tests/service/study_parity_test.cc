#include "service/study/study_parity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace edgetran::service {
namespace {

using testing::HasSubstr;

const Truth kScores{.kind = data::Kind::kRegression,
                    .labels = {},
                    .scores = {0, 1, 2, 4},
                    .score_range = 4};  // tolerance 0.04
const Truth kClasses{
    .kind = data::Kind::kClassification, .labels = {0, 1, 1}, .scores = {}, .score_range = 0};

TEST(StudyParity, ScoresAgreeWithinAHundredthOfTheTrainingRange) {
  const auto parity =
      compare_answers({0.5F, 1, 2, 3}, {0.53F, 1, 1.95F, 3}, kScores, "pearson").value();
  EXPECT_EQ(parity.at("rows"), 4);
  EXPECT_EQ(parity.at("agreement"), 0.75);  // the third differs by 0.05
  EXPECT_EQ(parity.at("tolerance"), 0.04);
  EXPECT_EQ(parity.at("score_range"), 4.0);
  EXPECT_NEAR(parity.at("max_abs_difference").get<double>(), 0.05, 1e-6);
  EXPECT_NEAR(parity.at("max_relative_difference").get<double>(), 0.0125, 1e-6);
  EXPECT_FALSE(parity.contains("largest_logit"));
}

TEST(StudyParity, ScoresHaveTheMetricOfBothSides) {
  const auto parity = compare_answers({0, 1, 2, 4}, {4, 2, 1, 0}, kScores, "pearson").value();
  EXPECT_EQ(parity.at("trained_pearson"), 1.0);
  EXPECT_LT(parity.at("deployed_pearson").get<double>(), -0.9);
  EXPECT_FALSE(parity.contains("trained_accuracy"));
  EXPECT_TRUE(
      compare_answers({0, 1, 2, 4}, {4, 2, 1, 0}, kScores, "rmse")->contains("trained_rmse"));
  EXPECT_FALSE(
      compare_answers({0, 1, 2, 4}, {4, 2, 1, 0}, kScores, "flops")->contains("trained_flops"));
}

TEST(StudyParity, ClassesAgreeWhereTheLargestLogitIsTheSame) {
  const auto parity =
      compare_answers({2, -1, 0, 1, -3, 3}, {2, -1, 1.5F, 1, -3, 3}, kClasses, "accuracy").value();
  EXPECT_NEAR(parity.at("agreement").get<double>(), 2.0 / 3, 1e-12);
  EXPECT_EQ(parity.at("trained_accuracy"), 1.0);
  EXPECT_NEAR(parity.at("deployed_accuracy").get<double>(), 2.0 / 3, 1e-12);
  EXPECT_EQ(parity.at("largest_logit"), 3.0);
  EXPECT_EQ(parity.at("max_abs_difference"), 1.5);
  EXPECT_EQ(parity.at("max_relative_difference"), 0.5);
  EXPECT_FALSE(parity.contains("tolerance"));
}

TEST(StudyParity, ClassesMayBeComparedByAnotherMetric) {
  const std::vector<float> right = {2, -1, 0, 1, -3, 3};
  const auto parity = compare_answers(right, right, kClasses, "matthews").value();
  EXPECT_EQ(parity.at("deployed_matthews"), 1.0);
  EXPECT_FALSE(parity.contains("deployed_accuracy"));
}

TEST(StudyParity, RefusesOutputsOfAnotherNumberOrWithoutAValue) {
  const auto fewer = compare_answers({1, 2, 3, 4}, {1, 2, 3}, kScores, "pearson");
  ASSERT_FALSE(fewer);
  EXPECT_THAT(fewer.error().message, HasSubstr("for 4 rows the deployed file gave 3 numbers"));
  EXPECT_FALSE(compare_answers(std::vector<float>(8), std::vector<float>(8), kScores, "pearson"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto damaged = compare_answers({1, 2, 3, 4}, {1, 2, nan, 4}, kScores, "pearson");
  ASSERT_FALSE(damaged);
  EXPECT_THAT(damaged.error().message, HasSubstr("the deployed file gives numbers"));
}

}  // namespace
}  // namespace edgetran::service
