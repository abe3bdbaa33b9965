// Training that diverges goes back, halves its learning rate, and at last fails with a good state.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "toy.h"
#include "train/torch/trainer.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

/// The toy task with a loss that is not finite, or has a gradient that is not, at chosen calls.
class FaultyObjective final : public Objective {
 public:
  enum class Fault { kLoss, kGradient };
  FaultyObjective(std::unique_ptr<Objective> task, Fault fault, std::set<int> calls)
      : task_(std::move(task)), fault_(fault), calls_(std::move(calls)) {}
  std::vector<std::string> outputs() const override { return task_->outputs(); }
  StepBatch next(int64_t step) override { return task_->next(step); }
  void seek(data::BatchCursor cursor) override { task_->seek(cursor); }
  double guess_loss() const override { return task_->guess_loss(); }
  int64_t tokens_in_epoch() const override { return task_->tokens_in_epoch(); }
  PieceLoss loss(std::span<const at::Tensor> outputs, const Piece& piece) const override {
    const PieceLoss good = task_->loss(outputs, piece);
    if (!calls_.contains(++call_)) return good;
    if (fault_ == Fault::kLoss) return {good.total * NAN, good.task};
    // A root at zero: 0 forward, an infinite slope backward.
    const at::Tensor bad = good.total + at::sqrt(good.total - good.total.detach());
    return {bad, bad};
  }

 private:
  std::unique_ptr<Objective> task_;
  Fault fault_;
  std::set<int> calls_;
  mutable int call_ = 0;
};

class DivergenceTest : public ::testing::Test {
 protected:
  struct Run {
    base::Result<TrainResult> result = TrainResult{};
    ToySink sink;
    std::vector<at::Tensor> weights;
  };

  Run run_faulty(const TrainJob& job, FaultyObjective::Fault fault, std::set<int> calls) {
    Run run;
    const auto file = data::TokenFile::open(job.train).value();
    const auto load = [&] {
      return load_for_training(job.model, {.labels = 2, .label_names = file.info().label_names}, 5)
          .value();
    };
    Model model = load();
    FaultyObjective objective(make_finetune_objective(job, model.graph, file, at::kCPU).value(),
                              fault, std::move(calls));
    base::SystemClock clock;
    Trainer trainer(job, model, objective,
                    {.events = run.sink,
                     .cancel = {},
                     .clock = clock,
                     .fingerprint = "faulty",
                     .begin = [&]() -> base::Result<weights::Weights> { return load().weights; }});
    run.result = trainer.run();
    for (const at::Tensor& tensor : trainer.parameters()) {
      run.weights.push_back(tensor.detach().clone());
    }
    return run;
  }

  static std::vector<base::Json> rollbacks(const ToySink& sink) {
    std::vector<base::Json> fields;
    for (const base::Event& event : sink.events) {
      if (event.name == "rollback") fields.push_back(event.fields);
    }
    return fields;
  }

  TrainJob with_checkpoint(const std::string& name) const {
    TrainJob job = world_.finetune();
    job.checkpoint = world_.root / name;
    job.settings.rollback_interval = 4;
    return job;
  }
  ToyWorld world_;
};

TEST_F(DivergenceTest, GoesBackToTheLastGoodStateAtHalfTheRate) {
  for (const auto fault : {FaultyObjective::Fault::kLoss, FaultyObjective::Fault::kGradient}) {
    const bool loss = fault == FaultyObjective::Fault::kLoss;
    const Run run = run_faulty(with_checkpoint(loss ? "loss" : "gradient"), fault, {11});
    ASSERT_TRUE(run.result) << run.result.error().message;
    EXPECT_EQ(run.result->rollbacks, 1);
    const auto seen = rollbacks(run.sink);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0]["step"], 11);
    EXPECT_EQ(seen[0]["to_step"], 4);
    EXPECT_EQ(seen[0]["rate_factor"], 0.5);
    EXPECT_THAT(seen[0]["reason"].get<std::string>(), HasSubstr(loss ? "loss" : "gradient"));
    // The state of step 8 is not good yet. Steps 1 to 10, then 5 again at half the rate it had.
    std::vector<base::Json> steps;
    for (const base::Event& event : run.sink.events) {
      if (event.name == "progress") steps.push_back(event.fields);
    }
    ASSERT_GT(steps.size(), 11U);
    EXPECT_EQ(steps[10]["step"], 5);
    EXPECT_EQ(steps[10]["loss"], steps[4]["loss"]) << "the same weights and rows";
    EXPECT_EQ(steps[10]["learning_rate"].get<double>(),
              steps[4]["learning_rate"].get<double>() / 2);
  }
}

TEST_F(DivergenceTest, WithoutACheckpointFolderGoesBackToTheBeginning) {
  const Run run = run_faulty(world_.finetune(), FaultyObjective::Fault::kLoss, {3});
  ASSERT_TRUE(run.result) << run.result.error().message;
  ASSERT_EQ(rollbacks(run.sink).size(), 1U);
  EXPECT_EQ(rollbacks(run.sink)[0]["to_step"], 0);
  EXPECT_EQ(run.sink.losses[2], run.sink.losses[0]);
  for (const at::Tensor& tensor : run.weights) EXPECT_TRUE(at::isfinite(tensor).all().item<bool>());
}

TEST_F(DivergenceTest, AStateThatNeverHelpsIsLeftForTheBeginning) {
  TrainJob job = with_checkpoint("checkpoint");
  job.settings.rollbacks = 6;
  const Run run = run_faulty(job, FaultyObjective::Fault::kLoss, {9, 10, 11, 12, 13});
  ASSERT_TRUE(run.result) << run.result.error().message;
  std::vector<int64_t> steps;
  for (const base::Json& rollback : rollbacks(run.sink))
    steps.push_back(rollback["to_step"].get<int64_t>());
  EXPECT_EQ(steps, (std::vector<int64_t>{4, 4, 4, 4, 0}));
}

TEST_F(DivergenceTest, FailsAfterSoManyTimesAndKeepsTheGoodState) {
  TrainJob job = with_checkpoint("checkpoint");
  job.settings.rollbacks = 2;
  const Run run = run_faulty(job, FaultyObjective::Fault::kLoss, {10, 13, 15});
  ASSERT_FALSE(run.result);
  EXPECT_EQ(run.result.error().category, ErrorCategory::kFailed);
  EXPECT_THAT(run.result.error().message, HasSubstr("training diverged at step 6"));
  EXPECT_THAT(run.result.error().message, HasSubstr("going back 2 times"));
  EXPECT_THAT(run.result.error().hint, HasSubstr("of step 4, is kept"));
  EXPECT_EQ(rollbacks(run.sink).size(), 2U);
  const auto kept = weights::SafetensorsFile::open(job.checkpoint / kCheckpointFile).value();
  EXPECT_THAT(kept.metadata().at("edgetran"), HasSubstr("\"step\":4"));
}

TEST_F(DivergenceTest, KeepsTheLastTwoStatesToGoBackTo) {
  const TrainJob job = with_checkpoint("checkpoint");
  const Run run = run_faulty(job, FaultyObjective::Fault::kLoss, {});
  ASSERT_TRUE(run.result) << run.result.error().message;
  ASSERT_GE(run.result->steps, 8);
  const int64_t last = run.result->steps / 4 * 4;
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(job.checkpoint)) {
    names.insert(entry.path().filename());
  }
  EXPECT_EQ(names, (std::set<std::string>{kCheckpointFile, step_file("rollback", last - 4),
                                          step_file("rollback", last)}));
}

TEST_F(DivergenceTest, ALearningRateOfAThousandEndsAsDiverged) {
  for (const bool pretrains : {false, true}) {
    for (const double warmup : {0.0, 0.5}) {
      TrainJob job = pretrains ? world_.pretrain() : world_.finetune();
      job.settings.learning_rate = 1e3;
      job.settings.warmup_share = warmup;
      job.checkpoint =
          world_.root / ("checkpoint" + std::to_string(warmup) + job.train.stem().string());
      job.settings.checkpoint_interval_s = 0;
      ToySink sink;
      const auto result = world_.run(job, sink);
      ASSERT_FALSE(result) << pretrains << " " << warmup;
      EXPECT_EQ(result.error().category, ErrorCategory::kFailed);
      EXPECT_THAT(result.error().message, HasSubstr("training diverged"));
      EXPECT_THAT(result.error().hint, HasSubstr("lower learning_rate (1000 now)"));
      EXPECT_EQ(rollbacks(sink).size(), 3U);
      const auto kept = weights::SafetensorsFile::open(job.checkpoint / kCheckpointFile).value();
      for (const auto& tensor : kept.tensors()) EXPECT_TRUE(weights::read_floats(tensor));
      EXPECT_FALSE(std::filesystem::exists(job.out));
    }
  }
}

TEST_F(DivergenceTest, OfARegressionIsSeenToo) {
  write_toy_scores(world_.root / "scores.tokens", 300, 1);
  TrainJob job = world_.finetune();
  job.train = world_.root / "scores.tokens";
  job.settings.learning_rate = 1e3;
  ToySink sink;
  const auto result = world_.run(job, sink);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("training diverged"));
}

TEST_F(DivergenceTest, RecoversWhereHalvingTheRateIsEnough) {
  TrainJob job = world_.finetune();
  job.settings.learning_rate = 20;
  job.settings.weight_decay = 0;
  job.settings.rollbacks = 20;
  job.dev = world_.root / "dev.tokens";
  ToySink sink;
  const auto result = world_.run(job, sink);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->rollbacks, 0);
  EXPECT_LT(result->metrics["loss"].get<double>(), 10 * std::log(2.0));
}

}  // namespace
}  // namespace edgetran::train::torch_engine
