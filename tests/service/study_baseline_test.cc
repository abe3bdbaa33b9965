#include "service/study/study_baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>

#include "service/own_files.h"

namespace edgetran::service {
namespace {

using base::Json;
using testing::HasSubstr;

class StudyBaseline : public OwnFilesTest {
 protected:
  /// What a program that prints `line` comes to, compared by `metric`.
  base::Result<Json> run(const std::string& line, const std::string& metric) {
    const auto program = write("program.sh", "#!/bin/sh\necho '" + line + "'\n");
    EXPECT_EQ(chmod(program.c_str(), 0700), 0);
    return run_baseline_program(program, task_of("a\t0\nb\t4.5\n", "a\t1\n", "score"), metric, 1,
                                folder() / "baseline", base::CancelToken());
  }
};

TEST_F(StudyBaseline, TheBaselineOfScoresIsTheMeanOfTraining) {
  const auto task = prepare("a\t0\nb\t4\n", "a\t1\nb\t2\nc\t6\n", "score");
  ASSERT_TRUE(task) << task.error().message;
  const auto baseline = constant_baseline(*task).value();
  EXPECT_EQ(baseline.at("name"), "mean of the training scores");
  const auto& metrics = baseline.at("metrics");
  EXPECT_EQ(metrics.at("pearson"), 0.0);
  EXPECT_EQ(metrics.at("spearman"), 0.0);
  EXPECT_NEAR(metrics.at("rmse").get<double>(), std::sqrt((1.0 + 0 + 16) / 3), 1e-12);
  EXPECT_EQ(baseline.at("rows").at("dev"), 3);
  EXPECT_FALSE(metrics.contains("accuracy"));
}

TEST_F(StudyBaseline, TheBaselineOfClassesIsTheMajorityByEveryMetric) {
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

TEST_F(StudyBaseline, AProgramIsTakenByTheMetricOfTheStudy) {
  const auto ran = run(R"({"name": "n", "pearson": 0.5, "rmse": 2, "words": "w"})", "pearson");
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->at("name"), "n");
  EXPECT_EQ(ran->at("metrics"), (Json{{"pearson", 0.5}, {"rmse", 2}}));
  EXPECT_EQ(ran->at("rows"), (Json{{"train", 2}, {"dev", 1}}));
}

TEST_F(StudyBaseline, AProgramForOtherRowsIsRefusedWithWhatItPrinted) {
  const auto ran = run(R"({"name": "n", "accuracy": 0.5})", "pearson");
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().message, HasSubstr("no number as \"pearson\""));
  EXPECT_THAT(ran.error().message, HasSubstr("accuracy"));
}

}  // namespace
}  // namespace edgetran::service
