#include "service/study/study_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/own_files.h"

namespace edgetran::service {
namespace {

using testing::HasSubstr;

using StudyTask = OwnFilesTest;

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

}  // namespace
}  // namespace edgetran::service
