#include "train/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace edgetran::train {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

base::Result<TrainJob> read(const std::string& text) {
  EDGETRAN_ASSIGN(const auto value, base::ConfigValue::parse_json(text, "job.json"));
  return read_job(value);
}

std::string error_of(const std::string& text) {
  const auto job = read(text);
  if (job) return "no error";
  EXPECT_EQ(job.error().category, ErrorCategory::kUsage);
  return job.error().message + " | " + job.error().hint;
}

constexpr const char* kFinetune =
    R"({"kind": "finetune", "model": "m", "out": "o", "train": "t", "tokens": 1000)";

TEST(Job, ReadsDefaults) {
  const auto job = read(std::string(kFinetune) + "}");
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->kind, JobKind::kFinetune);
  EXPECT_EQ(job->settings, TrainSettings());
  EXPECT_EQ(job->tokens, 1000);
  EXPECT_EQ(job->threads, 1);
  EXPECT_EQ(job->precision, Precision::kFp32);
}

TEST(Job, WhatIsWrittenIsReadAgain) {
  TrainJob job;
  job.kind = JobKind::kPretrain;
  job.model = "a";
  job.out = "b";
  job.train = "c";
  job.dev = "d";
  job.checkpoint = "e";
  job.vocabulary = "f";
  job.settings.learning_rate = 0.00123456789;
  job.settings.schedule = "cosine";
  job.settings.batch = 7;
  job.seed = 12345678901234567;
  job.epochs = 2.5;
  job.until_tokens = 99;
  job.threads = 3;
  job.precision = Precision::kBf16;
  job.device = "cpu";
  job.teacher = "g";
  job.settings.label_smoothing = 0.1;
  job.settings.patience = 4;
  const auto again = read(base::dump_json(job_json(job)));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(job_json(*again), job_json(job));
  EXPECT_EQ(again->settings, job.settings);
  EXPECT_EQ(again->seed, job.seed);
  EXPECT_EQ(again->precision, Precision::kBf16);
  EXPECT_EQ(again->device, "cpu");
  EXPECT_EQ(again->teacher, "g");
}

TEST(Job, NamesAnUnknownKeyAndTheNearest) {
  EXPECT_THAT(error_of(std::string(kFinetune) + R"(, "thread": 2})"), HasSubstr("threads"));
}

TEST(Job, NamesAnUnknownSetting) {
  const auto error = error_of(std::string(kFinetune) + R"(, "settings": {"learning_rat": 1}})");
  EXPECT_THAT(error, HasSubstr("learning_rat"));
  EXPECT_THAT(error, HasSubstr("learning_rate"));
}

TEST(Job, RefusesASettingOutOfRange) {
  const auto error = error_of(std::string(kFinetune) + R"(, "settings": {"batch": 0}})");
  EXPECT_THAT(error, HasSubstr("job.json:1:"));
  EXPECT_THAT(error, HasSubstr("0"));
}

TEST(Job, RefusesAnUnknownKind) {
  EXPECT_THAT(error_of(R"({"kind": "fintune"})"), HasSubstr("finetune"));
}

TEST(Job, NamesTheMissingPath) {
  EXPECT_THAT(error_of(R"({"kind": "infer", "model": "m", "inputs": "i"})"), HasSubstr("outputs"));
}

TEST(Job, RefusesAnEmptyPath) {
  EXPECT_THAT(error_of(R"({"kind": "evaluate", "model": "m", "dev": ""})"), HasSubstr("path"));
}

TEST(Job, NeedsExactlyOneBudget) {
  EXPECT_THAT(error_of(R"({"kind": "finetune", "model": "m", "out": "o", "train": "t"})"),
              HasSubstr("budget"));
  EXPECT_THAT(error_of(std::string(kFinetune) + R"(, "epochs": 1})"), HasSubstr("budget"));
}

TEST(Job, NeedsNoBudgetToEvaluate) {
  EXPECT_TRUE(read(R"({"kind": "evaluate", "model": "m", "dev": "d"})"));
}

TEST(Job, RefusesBudgetsBelowZero) {
  EXPECT_THAT(
      error_of(R"({"kind": "finetune", "model": "m", "out": "o", "train": "t", "tokens": -5})"),
      HasSubstr("-5"));
  EXPECT_THAT(
      error_of(R"({"kind": "finetune", "model": "m", "out": "o", "train": "t", "epochs": -1})"),
      HasSubstr("-1"));
}

/// The complaint about a job with these settings and more keys.
std::string settings_error(const std::string& settings, const std::string& more = "") {
  return error_of(std::string(kFinetune) + R"(, "settings": {)" + settings + "}" + more + "}");
}

TEST(Job, RefusesEarlyStoppingWithoutDev) {
  EXPECT_THAT(settings_error(R"("patience": 3)"), HasSubstr("patience is 3"));
  EXPECT_THAT(settings_error(R"("evaluation_interval": 10)"), HasSubstr("no dev rows"));
  EXPECT_EQ(settings_error(R"("patience": 3)", R"(, "dev": "d")"), "no error");
}

TEST(Job, RefusesAStopMetricThatNothingReads) {
  EXPECT_THAT(settings_error(R"("stop_metric": "accuracy")", R"(, "dev": "d")"),
              HasSubstr("patience is 0"));
}

TEST(Job, RefusesDistillationWithoutATeacher) {
  EXPECT_THAT(settings_error(R"("hidden_weight": 0.5)"),
              HasSubstr("hidden_weight is 0.5, but there is no teacher"));
  EXPECT_THAT(settings_error(R"("distillation_temperature": 4)"), HasSubstr("no teacher"));
  EXPECT_EQ(settings_error(R"("hidden_weight": 0.5)", R"(, "teacher": "t")"), "no error");
}

TEST(Job, RefusesATeacherWithoutWeight) {
  EXPECT_THAT(settings_error(R"("distillation_weight": 0)", R"(, "teacher": "big")"),
              HasSubstr("nothing is learned from the teacher big"));
}

TEST(Job, RefusesMorePiecesThanRows) {
  EXPECT_THAT(settings_error(R"("batch": 4, "accumulation": 5)"), HasSubstr("4 rows"));
}

TEST(Job, RefusesClassWeightsOfText) {
  EXPECT_THAT(error_of(R"({"kind": "pretrain", "model": "m", "out": "o", "train": "t", "tokens": 1,
                   "settings": {"class_weights": "balanced"}})"),
              HasSubstr("no classes"));
}

}  // namespace
}  // namespace edgetran::train
