// A step in pieces is the step in one piece.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "toy.h"
#include "train/torch/interpreter.h"
#include "train/torch/objective.h"

namespace edgetran::train::torch_engine {
namespace {

struct Step {
  double loss = 0;
  std::vector<at::Tensor> gradients;
  size_t pieces = 0;
  int64_t longest = 0, shortest = 1 << 20;  ///< padded lengths of the pieces
};

class AccumulationTest : public ::testing::Test {
 protected:
  /// The third step's loss and gradients at weights of order 1, without dropout.
  Step run(TrainJob job, int64_t accumulation) {
    job.settings.accumulation = accumulation;
    const bool pretrains = job.kind == JobKind::kPretrain;
    const auto file = data::TokenFile::open(job.train).value();
    const Target target{.head = pretrains ? encoder::TaskHead::kMaskedLanguageModel
                                          : encoder::TaskHead::kClassifier,
                        .labels = pretrains ? 0 : count_outputs(file, job.train).value(),
                        .label_names = file.info().label_names};
    Model model = load_for_training(job.model, target, 1).value();
    model.weights = weights::initialize(model.graph, base::RandomStream(3, "test"),
                                        weights::Initialization::kOrderOne);
    const std::unique_ptr<Objective> objective =
        pretrains ? make_pretrain_objective(job, model.graph, file, at::kCPU)
                  : make_finetune_objective(job, model.graph, file, at::kCPU).value();
    const auto parameters = to_tensors(model.weights, true);
    const Interpreter interpreter(model.graph, objective->outputs());
    for (int64_t i = 0; i < 2; ++i) objective->next(i);
    Step step;
    for (const Piece& piece : objective->next(2).pieces) {
      const auto outputs = interpreter.run(piece.inputs, parameters, {.training = true});
      const at::Tensor loss = objective->loss(outputs, piece).total;
      step.loss += loss.item<double>();
      loss.backward();
      ++step.pieces;
      step.longest = std::max(step.longest, piece.inputs[0].size(1));
      step.shortest = std::min(step.shortest, piece.inputs[0].size(1));
    }
    for (const at::Tensor& parameter : parameters) step.gradients.push_back(parameter.grad());
    return step;
  }

  void expect_equal(const TrainJob& job) {
    const Step whole = run(job, 1);
    ASSERT_EQ(whole.pieces, 1U);
    double scale = 0;
    for (const at::Tensor& gradient : whole.gradients) {
      if (gradient.defined()) scale = std::max(scale, gradient.abs().max().item<double>());
    }
    for (const int64_t pieces : {2, 3, 5}) {
      const Step step = run(job, pieces);
      EXPECT_EQ(step.pieces, static_cast<size_t>(pieces));
      EXPECT_NEAR(step.loss, whole.loss, 1e-5 * std::abs(whole.loss));
      for (size_t i = 0; i < whole.gradients.size(); ++i) {
        ASSERT_EQ(step.gradients[i].defined(), whole.gradients[i].defined());
        if (!whole.gradients[i].defined()) continue;
        const at::Tensor difference = step.gradients[i] - whole.gradients[i];
        EXPECT_LT(difference.abs().max().item<double>(), 1e-5 * scale) << i;
      }
    }
  }
  ToyWorld world_;
};

TEST_F(AccumulationTest, OfRowsOfUnequalLengthsIsTheMeanOverAllRows) {
  expect_equal(world_.finetune());
  const Step pieces = run(world_.finetune(), 5);
  EXPECT_LE(pieces.shortest, pieces.longest);
}

TEST_F(AccumulationTest, WithClassWeightsIsTheWeightedMeanOverAllRows) {
  TrainJob job = world_.finetune();
  job.settings.class_weights = "0.25,3";
  job.settings.label_smoothing = 0.2;
  expect_equal(job);
  TrainJob plain = world_.finetune();
  plain.settings.label_smoothing = 0.2;
  EXPECT_NE(run(job, 1).loss, run(plain, 1).loss);
}

TEST_F(AccumulationTest, OfMaskedTextIsTheMeanOverAllMaskedPositions) {
  TrainJob job = world_.pretrain();
  job.settings.batch = 7;  // no piece has as many rows, or masked positions, as the others
  job.settings.mask_share = 0.3;
  expect_equal(job);
}

TEST_F(AccumulationTest, OfScoresIsTheMeanOverAllRows) {
  write_toy_scores(world_.root / "scores.tokens", 60, 1);
  TrainJob job = world_.finetune();
  job.train = world_.root / "scores.tokens";
  expect_equal(job);
}

TEST_F(AccumulationTest, TrainsToTheSameModelUpToRounding) {
  TrainJob job = world_.finetune("whole");
  job.settings.dropout = 0;
  ToySink whole;
  ASSERT_TRUE(world_.run(job, whole));
  job.settings.accumulation = 4;
  job.out = world_.root / "pieces";
  ToySink pieces;
  const auto result = world_.run(job, pieces);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(pieces.losses.size(), whole.losses.size());
  for (size_t i = 0; i < whole.losses.size(); ++i) {
    EXPECT_NEAR(pieces.losses[i], whole.losses[i], 1e-3) << i;
  }
}

}  // namespace
}  // namespace edgetran::train::torch_engine
