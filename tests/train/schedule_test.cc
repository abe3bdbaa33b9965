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

TEST(Schedule, LayersDecayTowardsTheEmbeddings) {
  // Depth 3, decay 0.5: layers 1/8, 1/4, 1/2, embeddings 1/16, heads 1.
  EXPECT_EQ(layer_rate_factor("embeddings.word.weight", 3, 0.5), 0.0625);
  EXPECT_EQ(layer_rate_factor("embeddings.projection.bias", 3, 0.5), 0.0625);
  EXPECT_EQ(layer_rate_factor("layers.0.query.weight", 3, 0.5), 0.125);
  EXPECT_EQ(layer_rate_factor("layers.1.projection.weight", 3, 0.5), 0.25);
  EXPECT_EQ(layer_rate_factor("layers.2.feed_forward_norm.bias", 3, 0.5), 0.5);
  EXPECT_EQ(layer_rate_factor("layers.10.value.bias", 12, 0.5), 0.25);
  for (const char* head : {"pooler.weight", "classifier.bias", "mlm.transform.weight"}) {
    EXPECT_EQ(layer_rate_factor(head, 3, 0.5), 1) << head;
  }
  EXPECT_EQ(layer_rate_factor("layers.0.query.weight", 3, 1), 1);
}

}  // namespace
}  // namespace edgetran::train
