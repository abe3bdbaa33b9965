// Losses against hand numbers and central differences; oracle_test.py compares them with formulas
// of its own through the whole program.

#include "train/torch/losses.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgetran::train::torch_engine {
namespace {

// log of e + e^2 + e^3: with the logits 1, 2, 3 the log-probabilities are 1, 2, 3 less this.
const double kLogSum = std::log(std::exp(1) + std::exp(2) + std::exp(3));

TEST(CrossEntropy, WithWeightsAndSmoothingFollowsItsFormula) {
  const at::Tensor logits = at::tensor({1.0F, 2.0F, 3.0F, 3.0F, 1.0F, 2.0F}).view({2, 3});
  const at::Tensor targets = at::tensor({2, 1}, at::kLong);
  const double w[3] = {0.5, 2, 1};
  const double smoothing = 0.3;
  // -log p of each class in both rows.
  const double row[2][3] = {{kLogSum - 1, kLogSum - 2, kLogSum - 3},
                            {kLogSum - 3, kLogSum - 1, kLogSum - 2}};
  double sum = 0;
  const int target[2] = {2, 1};
  for (int i = 0; i < 2; ++i) {
    sum += (1 - smoothing) * w[target[i]] * row[i][target[i]];
    for (int c = 0; c < 3; ++c) sum += smoothing / 3 * w[c] * row[i][c];
  }
  const double expected = sum / (w[2] + w[1]);
  const CrossEntropyOptions options{.class_weights = at::tensor({0.5F, 2.0F, 1.0F}),
                                    .smoothing = smoothing};
  EXPECT_NEAR(cross_entropy(logits, targets, options).item<double>(), expected, 1e-6);
  // Neither part may be left out unseen.
  EXPECT_GT(std::abs(cross_entropy(logits, targets, {.class_weights = {}, .smoothing = smoothing})
                         .item<double>() -
                     expected),
            0.01);
}

TEST(CrossEntropy, PlainOnesAgreeWithTheGeneralPath) {
  const at::Tensor logits = at::randn({5, 7}, at::detail::createCPUGenerator(1), at::kFloat);
  const at::Tensor targets = at::tensor({0, 6, 2, 2, 4}, at::kLong);
  const double general =
      cross_entropy(logits, targets, {.class_weights = at::ones({7}), .smoothing = 0})
          .item<double>();
  EXPECT_NEAR(cross_entropy(logits.clone(), targets, {}).item<double>(), general, 1e-6);
}

TEST(DistillationLoss, IsTheScaledDivergenceOfTheSoftenedDistributions) {
  // Two classes: p = 1 / (1 + e^(-difference / T)).
  const at::Tensor student = at::tensor({0.0F, 1.0F}).view({1, 2});
  const at::Tensor teacher = at::tensor({4.0F, 0.0F}).view({1, 2});
  const double temperature = 2;
  const double taught = 1 / (1 + std::exp(-4 / temperature));
  const double own = 1 / (1 + std::exp(1 / temperature));
  const double divergence =
      taught * std::log(taught / own) + (1 - taught) * std::log((1 - taught) / (1 - own));
  EXPECT_NEAR(distillation_loss(student, teacher, temperature).item<double>(), 4 * divergence,
              1e-5);
  EXPECT_NEAR(distillation_loss(teacher, teacher, temperature).item<double>(), 0, 1e-6);
}

TEST(DistillationLoss, HasTheGradientOfTheFormula) {
  // d/dz of T^2 KL is T (softmax(z / T) - softmax(t / T)), over the rows.
  const at::Tensor student =
      at::tensor({0.5F, -1.0F, 2.0F, 0.0F}).view({2, 2}).set_requires_grad(true);
  const at::Tensor teacher = at::tensor({1.0F, 3.0F, -2.0F, 0.5F}).view({2, 2});
  distillation_loss(student, teacher, 3).backward();
  const at::Tensor expected =
      3.0 * (at::softmax(student.detach() / 3, -1) - at::softmax(teacher / 3, -1)) / 2;
  EXPECT_LT((student.grad() - expected).abs().max().item<double>(), 1e-6);
}

TEST(HiddenDistance, IsTheMeanOverValidPositionsOnly) {
  const at::Tensor student = at::tensor({1.0F, 2.0F, 3.0F, 4.0F, 9.0F, 9.0F}).view({1, 3, 2});
  const at::Tensor teacher = at::zeros({1, 3, 2});
  const at::Tensor mask = at::tensor({1, 1, 0}, at::kLong).view({1, 3});
  EXPECT_FLOAT_EQ(hidden_distance(student, teacher, mask).item<float>(), (1 + 4 + 9 + 16) / 4.0F);
  EXPECT_FLOAT_EQ(hidden_distance(student, teacher, {}).item<float>(),
                  (1 + 4 + 9 + 16 + 81 + 81) / 6.0F);
}

}  // namespace
}  // namespace edgetran::train::torch_engine
