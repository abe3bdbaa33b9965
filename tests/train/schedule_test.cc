#include "train/schedule.h"

#include <gtest/gtest.h>

#include <numbers>

namespace edgetran::train {
namespace {

TrainSettings settings(const std::string& schedule) {
  TrainSettings result;
  result.learning_rate = 2;
  result.warmup_share = 0.2;
  result.schedule = schedule;
  return result;
}

TEST(Schedule, RisesLinearlyFromItsFirstStep) {
  EXPECT_DOUBLE_EQ(learning_rate_at(settings("linear"), 0, 0.05), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_at(settings("linear"), 0.05, 0.1), 1);
  EXPECT_DOUBLE_EQ(learning_rate_at(settings("linear"), 0.19, 0.25), 2);
}

TEST(Schedule, LinearFallsToZero) {
  EXPECT_DOUBLE_EQ(learning_rate_at(settings("linear"), 0.2, 0.3), 2);
  EXPECT_NEAR(learning_rate_at(settings("linear"), 0.6, 0.7), 1, 1e-12);
  EXPECT_DOUBLE_EQ(learning_rate_at(settings("linear"), 1, 1), 0);
  EXPECT_DOUBLE_EQ(learning_rate_at(settings("linear"), 1.5, 2), 0);
}

TEST(Schedule, CosineIsHalfWayInTheMiddleAndFlatAtItsEnds) {
  EXPECT_NEAR(learning_rate_at(settings("cosine"), 0.6, 0.7), 1, 1e-12);
  EXPECT_NEAR(learning_rate_at(settings("cosine"), 0.4, 0.5), 1 + std::numbers::sqrt2 / 2, 1e-12);
  EXPECT_NEAR(learning_rate_at(settings("cosine"), 1, 1), 0, 1e-12);
}

TEST(Schedule, ConstantStaysAtThePeak) {
  EXPECT_DOUBLE_EQ(learning_rate_at(settings("constant"), 0.9, 1), 2);
}

TEST(Schedule, WorksWithoutWarmUpAndWithNothingElse) {
  TrainSettings none = settings("linear");
  none.warmup_share = 0;
  EXPECT_DOUBLE_EQ(learning_rate_at(none, 0, 0.1), 2);
  TrainSettings all = settings("linear");
  all.warmup_share = 1;
  EXPECT_DOUBLE_EQ(learning_rate_at(all, 0.25, 0.5), 1);
  EXPECT_DOUBLE_EQ(learning_rate_at(all, 1, 1), 2);
}

}  // namespace
}  // namespace edgetran::train
