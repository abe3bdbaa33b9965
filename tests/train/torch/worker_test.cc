// The worker program, talked to by the client of src/train.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "places.h"
#include "toy.h"
#include "train/job_client.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

using ::testing::HasSubstr;

class WorkerTest : public ::testing::Test {
 protected:
  static WorkerOptions options() {
    WorkerOptions options;
    options.program = places::programs() / "edgetran-worker";
    return options;
  }
  ToyWorld world_;
  ToySink sink_;
};

TEST_F(WorkerTest, TrainsEvaluatesAndInfersInOneProcess) {
  auto client = JobClient::start(options());
  ASSERT_TRUE(client) << client.error().message;
  TrainJob job = world_.finetune();
  job.dev = world_.root / "dev.tokens";
  const auto trained = client->run(job, sink_, sink_.cancel);
  ASSERT_TRUE(trained) << trained.error().message;
  EXPECT_EQ(sink_.events.front().name, "started");
  EXPECT_EQ(sink_.events.back().name, "evaluated");

  TrainJob inference;
  inference.kind = JobKind::kInfer;
  inference.model = job.out;
  inference.inputs = world_.root / "in.safetensors";
  inference.outputs = world_.root / "out.safetensors";
  const std::vector<int64_t> ids = {2, 9, 8, 3, 2, 7, 3, 0};
  const std::vector<int64_t> mask = {1, 1, 1, 1, 1, 1, 1, 0};
  ASSERT_TRUE(weights::write_safetensors(
      inference.inputs, std::vector<weights::TensorSource>{
                            {"input_ids", {2, 4}, std::span<const int64_t>(ids)},
                            {"attention_mask", {2, 4}, std::span<const int64_t>(mask)}}));
  const auto inferred = client->run(inference, sink_, sink_.cancel);
  ASSERT_TRUE(inferred) << inferred.error().message;
  const auto outputs = weights::SafetensorsFile::open(inference.outputs).value();
  EXPECT_EQ(outputs.find("logits")->shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(outputs.find("last_hidden_state")->shape, (std::vector<int64_t>{2, 4, 24}));
}

TEST_F(WorkerTest, GivesTheSameWeightsAsTheSameJobHere) {
  TrainJob job = world_.finetune("there");
  ASSERT_TRUE(run_job(job, options(), sink_, sink_.cancel));
  ASSERT_TRUE(world_.run(world_.finetune("here"), sink_));
  EXPECT_EQ(world_.model_bytes("there"), world_.model_bytes("here"));
}

TEST_F(WorkerTest, CancelLeavesACheckpointAndAnswers) {
  ToySink sink(3);
  TrainJob job = world_.finetune();
  job.tokens = 50'000'000;
  job.checkpoint = world_.root / "checkpoint";
  auto client = JobClient::start(options());
  ASSERT_TRUE(client) << client.error().message;
  const auto result = client->run(job, sink, sink.cancel);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kInterrupted);
  EXPECT_EQ(sink.events.back().name, "checkpoint");
  EXPECT_TRUE(std::filesystem::exists(job.checkpoint / "checkpoint.safetensors"));
  EXPECT_TRUE(client->alive());
}

TEST_F(WorkerTest, ErrorsOfAJobComeBackWhole) {
  TrainJob job = world_.finetune();
  job.train = world_.root / "absent.tokens";
  const auto result = run_job(job, options(), sink_, sink_.cancel);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kNotFound);
  EXPECT_THAT(result.error().message, HasSubstr("absent.tokens"));
}

TEST_F(WorkerTest, InferenceNamesAnIdOutsideTheVocabulary) {
  ASSERT_TRUE(world_.run(world_.finetune(), sink_));
  TrainJob inference;
  inference.kind = JobKind::kInfer;
  inference.model = world_.root / "out";
  inference.inputs = world_.root / "in.safetensors";
  inference.outputs = world_.root / "out.safetensors";
  const std::vector<int64_t> ids = {2, 9, 24, 3};
  ASSERT_TRUE(weights::write_safetensors(
      inference.inputs,
      std::vector<weights::TensorSource>{{"input_ids", {1, 4}, std::span<const int64_t>(ids)}}));
  const auto result = world_.run(inference, sink_);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("input_ids[0, 2] is 24"));
}

TEST_F(WorkerTest, OutOfMemoryIsAResourceErrorWithItsSizes) {
  WorkerOptions limited = options();
  limited.memory_limit_bytes = uint64_t{5} << 29;
  TrainJob job = world_.pretrain();
  job.settings.batch = 65536;
  const auto result = run_job(job, limited, sink_, sink_.cancel);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kResource) << result.error().message;
  EXPECT_THAT(result.error().message, HasSubstr("out of memory in a pretrain job of "));
  EXPECT_THAT(result.error().message, HasSubstr("batches of 65536 rows of up to 16 positions"));
  EXPECT_THAT(result.error().hint, HasSubstr("accumulation"));
}

TEST_F(WorkerTest, WhatDidNotFitInOnePieceFitsInMany) {
  WorkerOptions limited = options();
  limited.memory_limit_bytes = uint64_t{5} << 29;
  TrainJob job = world_.pretrain();
  job.settings.batch = 65536;
  job.settings.accumulation = 512;
  job.tokens = 1;  // one step
  const auto result = run_job(job, limited, sink_, sink_.cancel);
  EXPECT_TRUE(result) << result.error().message;
}

}  // namespace
}  // namespace edgetran::train::torch_engine
