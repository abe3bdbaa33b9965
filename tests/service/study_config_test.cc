#include "service/study/study_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service/study/study_template.h"

namespace edgetran::service {
namespace {

using ::testing::HasSubstr;

constexpr const char* kStudy = R"(format: edgetran.study/1
name: s
space:
  format: edgetran.space/1
  name: t
  layers: [1]
  width: [16]
  heads: [2]
  head_types: [sa_sdp]
  feed_forward: {depth: [1], sizes: [32]}
devices: [card.yaml, this-machine]
search: {rungs: [10]}
)";

base::Result<StudyConfig> read(const std::string& text) {
  EDGETRAN_ASSIGN(const auto value, base::ConfigValue::parse_yaml(text, "study.yaml"));
  return read_study_config(value, "/somewhere");
}

TEST(StudyConfig, NamesFilesRelativeToItsOwnFolder) {
  const auto config =
      read(std::string(kStudy) + "task: {source: files, train: a.tsv, dev: ../b.tsv}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->task.train, "/somewhere/a.tsv");
  EXPECT_EQ(config->task.dev, "/b.tsv");
  EXPECT_THAT(config->devices, ::testing::ElementsAre("/somewhere/card.yaml", "this-machine"));
}

TEST(StudyConfig, IsAboutAccuracyAndLatencyUnlessItSaysOtherwise) {
  const auto config = read(kStudy);
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->problem.objectives.size(), 2U);
  EXPECT_EQ(config->problem.objectives[0].name, "accuracy");
  EXPECT_EQ(config->problem.objectives[1].name, "latency_s");
}

TEST(StudyConfig, RefusesRowsWithoutFilesAndSectionsItDoesNotKnow) {
  const auto rows = read(std::string(kStudy) + "task: {source: files}\n");
  ASSERT_FALSE(rows);
  EXPECT_THAT(rows.error().message, HasSubstr("study.yaml:13"));
  const auto unknown = read(std::string(kStudy) + "mesurement: {}\n");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message + unknown.error().hint, HasSubstr("measurement"));
}

TEST(StudyConfig, LeavesOutOfItsIdentityWhatOnlyChangesTheTime) {
  const auto one = read(std::string(kStudy) + "execution: {workers: 1}\n");
  const auto two = read(std::string(kStudy) + "execution: {workers: 2}\n");
  const auto other = read(std::string(kStudy) + "training: {dropout: 0.3}\n");
  ASSERT_TRUE(one && two && other);
  EXPECT_EQ(study_config_json(*one), study_config_json(*two));
  EXPECT_NE(study_config_json(*one), study_config_json(*other));
}

TEST(StudyTemplate, IsAStudyWithEveryDefault) {
  const auto config = read(study_template());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(train::train_settings().write(config->training),
            train::train_settings().write(train::TrainSettings{}));
  EXPECT_EQ(task_settings().write(config->task), task_settings().write(TaskConfig{}));
}

}  // namespace
}  // namespace edgetran::service
