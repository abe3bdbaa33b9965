#include "report/quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::report {
namespace {

TEST(Quality, IsTheFirstObjectiveToBeMaximised) {
  store::StudyView study;
  EXPECT_EQ(study_quality(study).name, "accuracy");
  study.objectives = {{"latency_s", "s", false}, {"pearson", "", true}, {"accuracy", "", true}};
  EXPECT_EQ(study_quality(study).name, "pearson");
}

TEST(Quality, IsTheTasksMetricWhereNoObjectiveIsMaximised) {
  store::StudyView study;
  study.config = {{"data", {{"metric", "pearson"}}}};
  study.objectives = {{"rmse", "", false}, {"latency_s", "s", false}};
  EXPECT_EQ(study_quality(study).name, "pearson");
  study.config["data"] = "of another shape";
  EXPECT_EQ(study_quality(study).name, "accuracy");
}

TEST(Quality, SharesAreShownInPerCentAndCorrelationsAsNumbers) {
  EXPECT_EQ(quality_of_name("accuracy").text(0.652), "65.2 %");
  EXPECT_EQ(quality_of_name("f1").text(0.652), "65.2 %");
  EXPECT_EQ(quality_of_name("matthews").text(-0.0312), "-0.0312");
  EXPECT_EQ(quality_of_name("pearson").text(0.6523), "0.652");
}

TEST(Quality, HasATitleAndSaysWhetherItEndsAtOne) {
  EXPECT_EQ(quality_of_name("pearson").title, "Pearson correlation");
  EXPECT_EQ(quality_of_name("macro_f1").title, "macro F1");
  EXPECT_EQ(quality_of_name("made_up").title, "made up");
  EXPECT_TRUE(quality_of_name("accuracy").bounded);
  EXPECT_TRUE(quality_of_name("spearman").bounded);
  EXPECT_FALSE(quality_of_name("made_up").bounded);
}

TEST(Quality, TheFinalRowsAreThoseOfDevelopmentWhereThereAreNoOthers) {
  store::StudyView study;
  EXPECT_EQ(scored_rows(study), "test rows");
  study.config = {{"data", {{"scored_on", "dev"}}}};
  EXPECT_EQ(scored_rows(study), "development rows");
}

TEST(Quality, SubsetsAreThoseOfTheConfiguration) {
  store::StudyView study;
  EXPECT_TRUE(study_subsets(study).empty());
  EXPECT_EQ(subset_note(study), "");
  study.config = {{"data", {{"subsets", {"train", "dev"}}, {"note", "only parts"}}}};
  EXPECT_THAT(study_subsets(study), testing::ElementsAre("train", "dev"));
  EXPECT_EQ(subset_note(study), "only parts");
}

}  // namespace
}  // namespace edgetran::report
