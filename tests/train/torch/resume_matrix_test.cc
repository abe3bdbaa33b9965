// Whatever is switched on, a run that is stopped and resumed gives the weights of one that is not,
// bit for bit.

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "toy.h"

namespace edgetran::train::torch_engine {
namespace {

struct Feature {
  std::string name;
  bool pretrains = false;
  std::function<void(const ToyWorld&, TrainJob&)> ask;
};

void add_teacher(const ToyWorld& world, TrainJob& job) {
  job.teacher = world.root / (job.kind == JobKind::kPretrain ? "teacher-body" : "teacher");
  job.settings.hidden_weight = 0.5;
}

void make_everything(const ToyWorld& world, TrainJob& job) {
  add_teacher(world, job);
  job.dev = job.kind == JobKind::kPretrain ? job.train : world.root / "dev.tokens";
  job.settings.patience = 3;
  job.settings.evaluation_interval = 2;
  job.settings.rollback_interval = 3;
  job.settings.label_smoothing = 0.1;
  job.settings.layer_decay = 0.8;
  job.settings.accumulation = 3;
  job.settings.schedule = "cosine";
  if (job.kind == JobKind::kFinetune) job.settings.class_weights = "balanced";
}

/// Diverges some steps after the beginning, goes back and recovers (divergence_test.cc shows that).
void diverge_for_a_while(const ToyWorld&, TrainJob& job) {
  job.settings.learning_rate = 1e3;
  job.settings.rollbacks = 20;
  job.settings.rollback_interval = 2;
  job.settings.warmup_share = 0.9;
}

void use_two_threads(const ToyWorld&, TrainJob& job) { job.threads = 2; }

std::vector<Feature> features() {
  return {
      {"pieces", false, [](const ToyWorld&, TrainJob& job) { job.settings.accumulation = 4; }},
      {"pieces of text", true,
       [](const ToyWorld&, TrainJob& job) { job.settings.accumulation = 3; }},
      {"class weights and smoothing", false,
       [](const ToyWorld&, TrainJob& job) {
         job.settings.class_weights = "balanced";
         job.settings.label_smoothing = 0.1;
       }},
      {"layer decay", false,
       [](const ToyWorld&, TrainJob& job) { job.settings.layer_decay = 0.7; }},
      {"early stopping", false,
       [](const ToyWorld& world, TrainJob& job) {
         job.dev = world.root / "dev.tokens";
         job.settings.patience = 2;
         job.settings.evaluation_interval = 2;
         job.settings.learning_rate = 3e-2;
       }},
      {"teacher", false, add_teacher},
      {"teacher of text", true, add_teacher},
      {"rollback", false, diverge_for_a_while},
      {"everything", false, make_everything},
      {"everything on text", true, make_everything},
      {"bf16", false, [](const ToyWorld&, TrainJob& job) { job.precision = Precision::kBf16; }},
      {"two threads", false, use_two_threads},
      {"two threads on text", true, use_two_threads},
  };
}

/// Copies the checkpoint folder at each checkpoint, as a kill right there would leave it.
class CopyingSink final : public base::EventSink {
 public:
  explicit CopyingSink(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void emit(const base::Event& event) override {
    if (event.name != "checkpoint") return;
    copies.push_back(folder_.string() + " killed " + std::to_string(copies.size()));
    std::filesystem::copy(folder_, copies.back(), std::filesystem::copy_options::recursive);
  }
  std::vector<std::filesystem::path> copies;

 private:
  std::filesystem::path folder_;
};

class ResumeMatrixTest : public ::testing::Test {
 protected:
  ResumeMatrixTest() {
    ToySink sink;
    TrainJob teacher = world_.finetune("teacher");
    teacher.tokens = 300;
    TrainJob body = world_.pretrain("teacher-body");
    body.tokens = 600;
    space::ModelSpec spec = toy_spec();
    spec.layers.push_back(spec.layers.back());
    spec.layers[0].width = spec.embedding = 20;
    EXPECT_TRUE(base::write_file_atomic(world_.root / "teacher.json",
                                        base::dump_json(space::model_spec_json(spec))));
    teacher.model = body.model = world_.root / "teacher.json";
    EXPECT_TRUE(world_.run(teacher, sink));
    EXPECT_TRUE(world_.run(body, sink));
  }
  TrainJob job_of(const Feature& feature, const std::string& out) const {
    TrainJob job = feature.pretrains ? world_.pretrain(out) : world_.finetune(out);
    job.settings.learning_rate = 3e-3;
    feature.ask(world_, job);
    return job;
  }
  /// Runs with a stop after each of the steps, then to the end.
  void run_in_parts(const TrainJob& job, const std::vector<int64_t>& stops) const {
    for (const int64_t stop : stops) {
      ToySink sink(stop);
      const auto part = world_.run(job, sink);
      ASSERT_FALSE(part) << stop;
      ASSERT_EQ(part.error().category, base::ErrorCategory::kInterrupted) << part.error().message;
    }
    ToySink sink;
    const auto rest = world_.run(job, sink);
    ASSERT_TRUE(rest) << rest.error().message;
  }
  ToyWorld world_;
};

TEST_F(ResumeMatrixTest, EveryFeatureResumesExactly) {
  for (const Feature& feature : features()) {
    SCOPED_TRACE(feature.name);
    ToySink whole;
    TrainJob job = job_of(feature, "whole");
    job.checkpoint = world_.root / (feature.name + " whole");
    const auto result = world_.run(job, whole);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_GE(result->steps, 6);
    EXPECT_EQ(result->rollbacks > 0, feature.name == "rollback");
    for (const std::vector<int64_t>& stops :
         std::vector<std::vector<int64_t>>{{1}, {3}, {4}, {2, 5}}) {
      SCOPED_TRACE(stops.back());
      job = job_of(feature, "parts");
      job.checkpoint = world_.root / (feature.name + std::to_string(10 * stops[0] + stops.back()));
      run_in_parts(job, stops);
      EXPECT_EQ(world_.model_bytes("parts"), world_.model_bytes("whole"));
      EXPECT_EQ(base::read_file(world_.root / "parts/history.json").value(),
                base::read_file(world_.root / "whole/history.json").value());
    }
  }
}

TEST_F(ResumeMatrixTest, WhateverAKillLeavesResumesExactly) {
  for (const Feature& feature : features()) {
    if (feature.name != "rollback" && feature.name != "early stopping" &&
        feature.name != "everything") {
      continue;
    }
    SCOPED_TRACE(feature.name);
    TrainJob job = job_of(feature, "whole");
    job.checkpoint = world_.root / (feature.name + " folder");
    job.settings.checkpoint_interval_s = 0;
    CopyingSink sink(job.checkpoint);
    base::SystemClock clock;
    ASSERT_TRUE(run_job_here(job, sink, {}, clock));
    ASSERT_GE(sink.copies.size(), 6U);
    job.out = world_.root / "parts";
    for (const auto& copy : sink.copies) {
      SCOPED_TRACE(copy.string());
      job.checkpoint = copy;
      ToySink rest;
      const auto resumed = world_.run(job, rest);
      ASSERT_TRUE(resumed) << resumed.error().message;
      EXPECT_EQ(world_.model_bytes("parts"), world_.model_bytes("whole"));
    }
  }
}

TEST_F(ResumeMatrixTest, EveryFeatureChangesTheResult) {
  for (const bool pretrains : {false, true}) {
    ToySink sink;
    const TrainJob plain = pretrains ? world_.pretrain("plain") : world_.finetune("plain");
    ASSERT_TRUE(world_.run(plain, sink));
    for (const Feature& feature : features()) {
      // Threads change the order of sums at most, and that only where the library shares them.
      if (feature.pretrains != pretrains || job_of(feature, "other").threads > 1) continue;
      ASSERT_TRUE(world_.run(job_of(feature, "other"), sink)) << feature.name;
      EXPECT_NE(world_.model_bytes("other"), world_.model_bytes("plain")) << feature.name;
    }
  }
}

}  // namespace
}  // namespace edgetran::train::torch_engine
