// Early stopping on dev, through the worker's own entry.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "toy.h"

namespace edgetran::train::torch_engine {
namespace {

using ::testing::HasSubstr;

struct Evaluation {
  int64_t step = 0;
  double loss = 0;
};

std::vector<Evaluation> evaluations(const ToySink& sink) {
  std::vector<Evaluation> result;
  for (const base::Event& event : sink.events) {
    if (event.name != "evaluated" || !event.fields.contains("step")) continue;
    result.push_back({event.fields["step"].get<int64_t>(), event.fields["loss"].get<double>()});
  }
  return result;
}

class StoppingTest : public ::testing::Test {
 protected:
  /// Memorises sixteen rows, so that the loss on dev soon rises.
  TrainJob overfitting(const std::string& out) {
    write_toy_classes(world_.root / "few.tokens", 16, 9);
    TrainJob job = world_.finetune(out);
    job.train = world_.root / "few.tokens";
    job.dev = world_.root / "dev.tokens";
    job.tokens = 30000;
    job.settings.dropout = 0;
    job.settings.learning_rate = 1e-2;
    job.settings.evaluation_interval = 5;
    job.settings.patience = 3;
    return job;
  }
  ToyWorld world_;
};

TEST_F(StoppingTest, StopsAndHandsTheBestWeightsOver) {
  for (const bool on_disk : {false, true}) {
    TrainJob job = overfitting("out");
    if (on_disk) job.checkpoint = world_.root / "checkpoint";
    ToySink sink;
    const auto result = world_.run(job, sink);
    ASSERT_TRUE(result) << result.error().message;
    const auto seen = evaluations(sink);
    const auto best = std::min_element(
        seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.loss < b.loss; });
    EXPECT_TRUE(result->stopped_early);
    EXPECT_EQ(result->best_step, best->step);
    EXPECT_EQ(seen.end() - best, 4);  // the best and three more
    EXPECT_EQ(result->steps, seen.back().step);
    EXPECT_EQ(result->metrics["loss"].get<double>(), best->loss);
    EXPECT_LT(result->tokens, job.tokens);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(world_.root / "checkpoint"), {}), 2)
      << "the checkpoint and the best weights, no older ones";
}

TEST_F(StoppingTest, AStoppedJobRunAgainTrainsNothingAndGivesTheSameModel) {
  TrainJob job = overfitting("out");
  job.checkpoint = world_.root / "checkpoint";
  ToySink first;
  ASSERT_TRUE(world_.run(job, first));
  const std::string bytes = world_.model_bytes("out");
  ToySink second;
  const auto again = world_.run(job, second);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(second.losses.empty());
  EXPECT_TRUE(again->stopped_early);
  EXPECT_EQ(world_.model_bytes("out"), bytes);
}

TEST_F(StoppingTest, WatchesTheMetricThatIsNamed) {
  TrainJob job = overfitting("out");
  job.settings.stop_metric = "accuracy";
  ToySink sink;
  const auto result = world_.run(job, sink);
  ASSERT_TRUE(result) << result.error().message;
  double best = 0;
  for (const base::Event& event : sink.events) {
    if (event.name == "evaluated") best = std::max(best, event.fields["accuracy"].get<double>());
  }
  EXPECT_EQ(result->metrics["accuracy"].get<double>(), best);
}

TEST_F(StoppingTest, EvaluatesAfterEachPassByDefault) {
  TrainJob job = world_.finetune();
  job.dev = world_.root / "dev.tokens";
  job.tokens = 0;
  job.epochs = 2;
  job.settings.patience = 5;
  ToySink sink;
  const auto result = world_.run(job, sink);
  ASSERT_TRUE(result) << result.error().message;
  const auto seen = evaluations(sink);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].step, result->steps);
  EXPECT_EQ(seen[0].step * 2, result->steps);
}

TEST_F(StoppingTest, EvaluatingAloneChangesNothing) {
  ToySink plain;
  ASSERT_TRUE(world_.run(world_.finetune("plain"), plain));
  TrainJob job = world_.finetune("watched");
  job.dev = world_.root / "dev.tokens";
  job.settings.evaluation_interval = 4;
  ToySink watched;
  const auto result = world_.run(job, watched);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(evaluations(watched).size(), static_cast<size_t>(result->steps / 4));
  EXPECT_EQ(result->best_step, 0);
  EXPECT_EQ(world_.model_bytes("watched"), world_.model_bytes("plain"));
}

TEST_F(StoppingTest, WorksOnTheLossOfText) {
  TrainJob job = world_.pretrain();
  job.dev = job.train;
  job.settings.patience = 2;
  job.settings.evaluation_interval = 3;
  ToySink sink;
  const auto result = world_.run(job, sink);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->best_step, 0);
}

TEST_F(StoppingTest, NamesTheMetricsThatThereAre) {
  TrainJob job = overfitting("out");
  job.settings.stop_metric = "acuracy";
  ToySink sink;
  const auto result = world_.run(job, sink);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kUsage);
  EXPECT_THAT(result.error().message, HasSubstr("'acuracy'"));
  EXPECT_THAT(result.error().message, HasSubstr("accuracy, loss"));
  EXPECT_TRUE(sink.losses.empty());
}

}  // namespace
}  // namespace edgetran::train::torch_engine
