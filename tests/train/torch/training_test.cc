// What training promises, through the worker's own entry.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "toy.h"
#include "weights/safetensors.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

class TrainingTest : public ::testing::Test {
 protected:
  /// Runs and returns the losses; the job must succeed.
  std::vector<double> losses(const TrainJob& job) {
    ToySink sink;
    const auto result = world_.run(job, sink);
    EXPECT_TRUE(result) << result.error().message << " " << result.error().hint;
    return sink.losses;
  }
  base::Error error(const TrainJob& job) {
    ToySink sink;
    const auto result = world_.run(job, sink);
    EXPECT_FALSE(result);
    return result ? base::Error{} : result.error();
  }
  ToyWorld world_;
};

TEST_F(TrainingTest, EqualSeedsGiveEqualLossesAndWeightsBitForBit) {
  const auto first = losses(world_.finetune("first"));
  const auto second = losses(world_.finetune("second"));
  EXPECT_GT(first.size(), 10U);
  EXPECT_EQ(first, second);
  EXPECT_EQ(world_.model_bytes("first"), world_.model_bytes("second"));
}

TEST_F(TrainingTest, PretrainingRepeatsBitForBitInBothPrecisions) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    TrainJob job = world_.pretrain();
    job.precision = precision;
    const auto first = losses(job);
    EXPECT_GT(first.size(), 5U);
    EXPECT_EQ(first, losses(job)) << precision_name(precision);
  }
}

TEST_F(TrainingTest, AnotherSeedGivesOtherLosses) {
  TrainJob other = world_.finetune();
  other.seed = 6;
  EXPECT_NE(losses(world_.finetune()), losses(other));
}

TEST_F(TrainingTest, ResumedRunsEqualUninterruptedOnes) {
  for (const bool pretrains : {false, true}) {
    const TrainJob whole = pretrains ? world_.pretrain("whole") : world_.finetune("whole");
    const auto expected = losses(whole);
    for (const int64_t step : {1, 4, 7}) {
      TrainJob job = whole;
      job.out = world_.root / "parts";
      job.checkpoint =
          world_.root / ("checkpoint-" + std::to_string(step) + job.train.stem().string());
      ToySink sink(step);
      const auto interrupted = world_.run(job, sink);
      ASSERT_FALSE(interrupted);
      EXPECT_EQ(interrupted.error().category, ErrorCategory::kInterrupted);
      std::vector<double> seen = sink.losses;
      EXPECT_EQ(seen.size(), static_cast<size_t>(step));
      const auto rest = losses(job);
      seen.insert(seen.end(), rest.begin(), rest.end());
      EXPECT_EQ(seen, expected) << step;
      EXPECT_EQ(world_.model_bytes("parts"), world_.model_bytes("whole")) << step;
      EXPECT_EQ(base::read_file(world_.root / "parts/history.json").value(),
                base::read_file(world_.root / "whole/history.json").value());
    }
  }
}

TEST_F(TrainingTest, RungsFollowOneScheduleAndEqualTheWhole) {
  const auto expected = losses(world_.finetune("whole"));
  TrainJob job = world_.finetune("rungs");
  job.checkpoint = world_.root / "checkpoint";
  std::vector<double> seen;
  for (const int64_t until : {500, 1000, 2000}) {
    job.until_tokens = until;
    const auto part = losses(job);
    EXPECT_LT(part.size(), expected.size());
    seen.insert(seen.end(), part.begin(), part.end());
  }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(world_.model_bytes("rungs"), world_.model_bytes("whole"));
}

TEST_F(TrainingTest, AFinishedJobRunAgainTrainsNothingAndGivesTheSameModel) {
  TrainJob job = world_.finetune("once");
  job.checkpoint = world_.root / "checkpoint";
  losses(job);
  const std::string bytes = world_.model_bytes("once");
  EXPECT_TRUE(losses(job).empty());
  EXPECT_EQ(world_.model_bytes("once"), bytes);
}

TEST_F(TrainingTest, ACheckpointOfAnotherJobIsRefused) {
  TrainJob job = world_.finetune();
  job.checkpoint = world_.root / "checkpoint";
  losses(job);
  job.seed = 77;
  const auto refused = error(job);
  EXPECT_EQ(refused.category, ErrorCategory::kUsage);
  EXPECT_THAT(refused.message, HasSubstr("another job"));
}

TEST_F(TrainingTest, ADamagedCheckpointIsNamed) {
  TrainJob job = world_.finetune();
  job.checkpoint = world_.root / "checkpoint";
  losses(job);
  const auto path = job.checkpoint / "checkpoint.safetensors";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto refused = error(job);
  EXPECT_EQ(refused.category, ErrorCategory::kCorrupt);
  EXPECT_THAT(refused.message, HasSubstr("checkpoint.safetensors"));
}

TEST_F(TrainingTest, LearnsTheToyTask) {
  TrainJob job = world_.finetune();
  job.tokens = 0;
  job.epochs = 5;
  job.dev = world_.root / "dev.tokens";
  job.settings.dropout = 0;
  job.predictions = world_.root / "predictions.tsv";
  ToySink sink;
  const auto result = world_.run(job, sink);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->metrics["accuracy"].get<double>(), 0.95);
  EXPECT_GT(result->tokens_per_s, 0);
  EXPECT_GT(result->peak_memory_bytes, 0U);
  const std::string table = base::read_file(job.predictions).value();
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 201);
}

TEST_F(TrainingTest, LearnsARegression) {
  write_toy_scores(world_.root / "scores.tokens", 300, 1);
  TrainJob job = world_.finetune();
  job.train = job.dev = world_.root / "scores.tokens";
  job.tokens = 0;
  job.epochs = 4;
  job.settings.dropout = 0;
  ToySink sink;
  const auto result = world_.run(job, sink);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_GT(result->metrics["pearson"].get<double>(), 0.9);
}

TEST_F(TrainingTest, PretrainingLearnsNeighboursInBothPrecisions) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    TrainJob job = world_.pretrain();
    job.tokens = 80000;
    job.dev = job.train;
    job.settings.dropout = 0;
    job.settings.learning_rate = 1e-2;
    job.precision = precision;
    ToySink sink;
    const auto result = world_.run(job, sink);
    ASSERT_TRUE(result) << result.error().message;
    // Guessing costs log(19) = 2.9 nats.
    EXPECT_LT(result->metrics["valid_loss"].get<double>(), 1.5) << precision_name(precision);
  }
}

TEST_F(TrainingTest, FineTuningStartsFromThePretrainedBody) {
  TrainJob body = world_.pretrain("body");
  losses(body);
  TrainJob job = world_.finetune("tuned");
  job.model = body.out;
  job.tokens = 1;  // one step
  job.settings.learning_rate = 0;
  losses(job);
  const auto before = weights::SafetensorsFile::open(body.out / "model.safetensors").value();
  const auto after = weights::SafetensorsFile::open(job.out / "model.safetensors").value();
  const char* name = "layers.1.value.weight";
  EXPECT_EQ(weights::read_floats(*before.find(name)).value(),
            weights::read_floats(*after.find(name)).value());
  EXPECT_NE(after.find("classifier.weight"), nullptr);
  EXPECT_EQ(after.find("mlm.bias"), nullptr);
}

TEST_F(TrainingTest, EvaluationOfTheFolderEqualsThatAfterTraining) {
  TrainJob job = world_.finetune();
  job.dev = world_.root / "dev.tokens";
  ToySink sink;
  const auto trained = world_.run(job, sink);
  ASSERT_TRUE(trained) << trained.error().message;
  TrainJob evaluation;
  evaluation.kind = JobKind::kEvaluate;
  evaluation.model = job.out;
  evaluation.dev = job.dev;
  const auto evaluated = world_.run(evaluation, sink);
  ASSERT_TRUE(evaluated) << evaluated.error().message;
  EXPECT_EQ(evaluated->metrics, trained->metrics);
}

/// Writes of more bytes than this fail, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST_F(TrainingTest, AFullDiskLeavesTheOldCheckpointGood) {
  TrainJob job = world_.finetune("full");
  job.checkpoint = world_.root / "checkpoint";
  job.until_tokens = 500;
  auto seen = losses(job);
  const auto path = job.checkpoint / "checkpoint.safetensors";
  const std::string good = base::read_file(path).value();
  job.until_tokens = 0;
  {
    const FullDisk disk(4096);
    const auto failed = error(job);
    EXPECT_EQ(failed.category, ErrorCategory::kResource);
    EXPECT_THAT(failed.message, HasSubstr("checkpoint"));
  }
  EXPECT_EQ(base::read_file(path).value(), good);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(job.checkpoint), {}), 1);
  const auto rest = losses(job);
  seen.insert(seen.end(), rest.begin(), rest.end());
  EXPECT_EQ(seen, losses(world_.finetune("whole")));
}

TEST_F(TrainingTest, ModelAndDataMustFit) {
  space::ModelSpec small = toy_spec();
  small.vocabulary = 10;
  ASSERT_TRUE(base::write_file_atomic(world_.root / "spec.json",
                                      base::dump_json(space::model_spec_json(small))));
  EXPECT_THAT(error(world_.finetune()).message, HasSubstr("vocabulary of 24"));
  small = toy_spec();
  small.positions = 8;
  ASSERT_TRUE(base::write_file_atomic(world_.root / "spec.json",
                                      base::dump_json(space::model_spec_json(small))));
  EXPECT_THAT(error(world_.finetune()).message, HasSubstr("8 positions"));
}

TEST_F(TrainingTest, KindsOfDataAndJobMustFit) {
  TrainJob tuned = world_.finetune();
  tuned.train = world_.root / "text.tokens";
  EXPECT_THAT(error(tuned).message, HasSubstr("without labels"));
  TrainJob body = world_.pretrain();
  body.train = world_.root / "train.tokens";
  EXPECT_THAT(error(body).message, HasSubstr("not plain text"));
  TrainJob mixed = world_.finetune();
  mixed.dev = world_.root / "text.tokens";
  EXPECT_THAT(error(mixed).message, HasSubstr("labels of the model"));
}

/// Address space of this process in bytes.
rlim_t address_space() {
  std::ifstream status("/proc/self/statm");
  rlim_t pages = 0;
  status >> pages;
  return pages * static_cast<rlim_t>(getpagesize());
}

TEST_F(TrainingTest, RunningOutOfMemoryIsAResourceError) {
  TrainJob job = world_.pretrain();
  job.settings.batch = 65536;
  rlimit old{};
  getrlimit(RLIMIT_AS, &old);
  const rlimit limit{address_space() + (rlim_t{200} << 20), old.rlim_max};
  setrlimit(RLIMIT_AS, &limit);
  const auto failed = error(job);
  setrlimit(RLIMIT_AS, &old);
  EXPECT_EQ(failed.category, ErrorCategory::kResource) << failed.message;
  EXPECT_THAT(failed.message, HasSubstr("out of memory"));
}

}  // namespace
}  // namespace edgetran::train::torch_engine
