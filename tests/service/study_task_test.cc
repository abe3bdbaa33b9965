#include "service/study/study_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "service/study/study_baseline.h"

namespace edgetran::service {
namespace {

using testing::HasSubstr;

/// Own files in a folder of their own.
class StudyTask : public testing::Test {
 protected:
  base::Result<PreparedTask> prepare(const std::string& train, const std::string& dev,
                                     const char* label_kind) {
    TaskConfig task;
    task.source = "files";
    task.train = write("train.tsv", train);
    task.dev = write("dev.tsv", dev);
    task.label_kind = label_kind;
    task.vocabulary_size = 64;
    base::NullSink events;
    return prepare_task(task, 1, folder_.path() / "cache", events);
  }

 private:
  std::string write(const char* name, const std::string& rows) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(base::write_file_atomic(path, "text\tlabel\n" + rows));
    return path.string();
  }
  base::TemporaryFolder folder_ = base::TemporaryFolder::create("edgetran-study-task").value();
};

TEST_F(StudyTask, ScoresHaveOneOutputAndTheRangeOfTheTrainingRows) {
  const auto task = prepare("a\t1\nb\t4.5\nc\t-2\n", "a\t9\n", "score");
  ASSERT_TRUE(task) << task.error().message;
  EXPECT_EQ(task->kind, data::Kind::kRegression);
  EXPECT_EQ(task->outputs(), 1);
  EXPECT_EQ(task->score_low, -2);
  EXPECT_EQ(task->score_high, 4.5);
  EXPECT_EQ(task->facts.at("training_scores_high"), 4.5);
  EXPECT_FALSE(task->facts.contains("majority_share"));
}

TEST_F(StudyTask, TheSameRowsAsClassesHaveAnOutputEach) {
  const auto task = prepare("a\t1\nb\t4.5\nc\t-2\n", "a\t1\n", "class");
  ASSERT_TRUE(task) << task.error().message;
  EXPECT_EQ(task->kind, data::Kind::kClassification);
  EXPECT_EQ(task->outputs(), 3);
}

TEST_F(StudyTask, ScoresThatAreAllTheSameTeachNothing) {
  const auto task = prepare("a\t3\nb\t3\n", "a\t1\n", "score");
  ASSERT_FALSE(task);
  EXPECT_EQ(task.error().category, base::ErrorCategory::kUsage);
  EXPECT_THAT(task.error().message, HasSubstr("all 2 training rows have the score 3"));
}

TEST_F(StudyTask, TheBaselineOfScoresIsTheMeanOfTraining) {
  const auto task = prepare("a\t0\nb\t4\n", "a\t1\nb\t2\nc\t6\n", "score");
  ASSERT_TRUE(task) << task.error().message;
  const auto baseline = constant_baseline(*task).value();
  EXPECT_EQ(baseline.at("name"), "mean of the training scores");
  const auto& metrics = baseline.at("metrics");
  EXPECT_EQ(metrics.at("pearson"), 0.0);
  EXPECT_EQ(metrics.at("spearman"), 0.0);
  EXPECT_NEAR(metrics.at("rmse").get<double>(), std::sqrt((1.0 + 0 + 16) / 3), 1e-12);
  EXPECT_EQ(baseline.at("rows").at("test"), 3);
  EXPECT_FALSE(metrics.contains("accuracy"));
}

TEST_F(StudyTask, TheBaselineOfClassesIsTheMajorityByEveryMetric) {
  const auto task = prepare("a\tno\nb\tyes\n", "a\tyes\nb\tno\nc\tyes\nd\tyes\n", "class");
  ASSERT_TRUE(task) << task.error().message;
  const auto baseline = constant_baseline(*task).value();
  EXPECT_EQ(baseline.at("name"), "majority class");
  const auto& metrics = baseline.at("metrics");
  EXPECT_EQ(metrics.at("accuracy"), 0.75);
  EXPECT_EQ(metrics.at("accuracy"), task->facts.at("majority_share"));
  EXPECT_NEAR(metrics.at("f1").get<double>(), 2 * 3 / (2 * 3 + 1.0), 1e-12);  // of "yes"
  EXPECT_EQ(metrics.at("matthews"), 0.0);
  EXPECT_FALSE(metrics.contains("loss"));
}

}  // namespace
}  // namespace edgetran::service
