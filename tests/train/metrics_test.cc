#include "train/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace edgetran::train {
namespace {

using Logits = std::array<float, 3>;

/// Truth 0 0 1 2, predictions 0 1 1 0.
ClassificationMetrics four_rows() {
  ClassificationMetrics metrics(3);
  metrics.add(Logits{2, 1, 0}, 0);
  metrics.add(Logits{0, 1, 0}, 0);
  metrics.add(Logits{0, 3, 0}, 1);
  metrics.add(Logits{5, 0, 4}, 2);
  return metrics;
}

TEST(Metrics, AccuracyIsTheShareOfRightRows) { EXPECT_EQ(four_rows().accuracy(), 0.5); }

TEST(Metrics, LossIsTheMeanCrossEntropy) {
  const double e = std::exp(1.0);
  const double first = std::log(e * e + e + 1) - 2;
  const double second = std::log(2 + e);
  const double third = std::log(2 + std::exp(3.0)) - 3;
  const double fourth = std::log(std::exp(5.0) + 1 + std::exp(4.0)) - 4;
  EXPECT_NEAR(four_rows().loss(), (first + second + third + fourth) / 4, 1e-12);
}

TEST(Metrics, MacroF1AveragesTheLabels) {
  // Label 0: tp 1, fp 1, fn 1 -> 1/2; label 1: tp 1, fp 1, fn 0 -> 2/3; label 2: tp 0 -> 0.
  EXPECT_NEAR(four_rows().macro_f1(), (0.5 + 2.0 / 3 + 0) / 3, 1e-12);
}

TEST(Metrics, LossOfHugeLogitsIsFinite) {
  ClassificationMetrics metrics(3);
  metrics.add(Logits{1e30F, -1e30F, 0}, 1);
  EXPECT_NEAR(metrics.loss(), 2e30, 1e24);
}

TEST(Metrics, NoRowsGiveZeros) {
  const ClassificationMetrics metrics(2);
  EXPECT_EQ(metrics.accuracy(), 0);
  EXPECT_EQ(metrics.loss(), 0);
  EXPECT_EQ(metrics.macro_f1(), 0);
}

TEST(Metrics, RegressionAgainstHandValues) {
  RegressionMetrics metrics;
  metrics.add(1, 2);
  metrics.add(2, 2);
  metrics.add(4, 7);
  EXPECT_NEAR(metrics.loss(), (1.0 + 0 + 9) / 3, 1e-12);
  // Deviations -4/3 -1/3 5/3 and -5/3 -5/3 10/3: xy 75/9, xx 42/9, yy 150/9.
  EXPECT_NEAR(metrics.pearson(), 75 / std::sqrt(42.0 * 150), 1e-12);
  // Ranks 0 1 2 and 0.5 0.5 2: xy 1.5, xx 2, yy 1.5.
  EXPECT_NEAR(metrics.spearman(), 1.5 / std::sqrt(3.0), 1e-12);
}

TEST(Metrics, CorrelationWithAConstantIsZero) {
  RegressionMetrics metrics;
  metrics.add(1, 3);
  metrics.add(1, 4);
  EXPECT_EQ(metrics.pearson(), 0);
  EXPECT_EQ(metrics.spearman(), 0);
}

TEST(Metrics, AreNamedByWhatRowsCarry) {
  using ::testing::Contains;
  using ::testing::IsSupersetOf;
  EXPECT_THAT(metric_names(data::Kind::kClassification),
              IsSupersetOf({"accuracy", "f1", "macro_f1", "matthews", "loss"}));
  const auto scores = metric_names(data::Kind::kRegression);
  EXPECT_THAT(scores, IsSupersetOf({"pearson", "spearman", "rmse", "loss"}));
  EXPECT_THAT(scores, ::testing::Not(Contains("accuracy")));
  EXPECT_THAT(metric_names(data::Kind::kText), ::testing::ElementsAre("valid_loss"));
}

TEST(Metrics, ArgmaxTakesTheFirstOfEquals) { EXPECT_EQ(argmax(Logits{1, 3, 3}), 1); }

}  // namespace
}  // namespace edgetran::train
