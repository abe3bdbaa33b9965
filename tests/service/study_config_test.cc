#include "service/study/study_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
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
      read(std::string(kStudy) +
           "task: {source: files, train: a.tsv, dev: ../b.tsv, label_kind: class}\n");
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

TEST(StudyConfig, ComparesByTheTasksOwnMetricUnlessItSaysOtherwise) {
  const auto first = [](const std::string& task, const std::string& more = "") {
    const auto config = read(std::string(kStudy) + "task: {" + task + "}\n" + more);
    EXPECT_TRUE(config) << config.error().message;
    const auto& objective = config.value().problem.objectives.front();
    EXPECT_EQ(objective.goal, search::Goal::kMaximize);
    return objective.name;
  };
  EXPECT_EQ(first("task: STS-B, data: d"), "pearson");
  EXPECT_EQ(first("task: cola, data: d"), "matthews");
  EXPECT_EQ(first("task: QNLI, data: d"), "accuracy");
  EXPECT_EQ(first("source: files, train: a.tsv, dev: b.tsv, label_kind: score"), "pearson");
  EXPECT_EQ(first("task: MRPC, data: d", "objectives: [{name: f1, goal: maximize}]\n"), "f1");
  EXPECT_EQ(first("task: STS-B, data: d", "objectives: [{name: spearman, goal: maximize}]\n"),
            "spearman");
}

TEST(StudyConfig, LooksIntoOwnFilesForWhatTheirLabelsAre) {
  const auto folder = base::TemporaryFolder::create("edgetran-study-config").value();
  const auto label_kind = [&](const char* rows, const char* given) {
    const auto file = folder.path() / "rows.tsv";
    EXPECT_TRUE(base::write_file_atomic(file, std::string("text\tlabel\n") + rows));
    const auto config = read(std::string(kStudy) + "task: {source: files, train: " + file.string() +
                             ", dev: " + file.string() + given + "}\n");
    EXPECT_TRUE(config) << config.error().message;
    return config.value().task.label_kind;
  };
  EXPECT_EQ(label_kind("a\t1\nb\t2.5\n", ""), "score");
  EXPECT_EQ(label_kind("a\t1\nb\t2\n", ""), "class");
  EXPECT_EQ(label_kind("a\t1\nb\t2\n", ", label_kind: score"), "score");
  EXPECT_EQ(label_kind("a\t1\nb\t2.5\n", ", label_kind: class"), "class");
}

TEST(StudyConfig, RefusesFiguresThatTheTaskDoesNotHave) {
  const auto refused = [](const std::string& text) {
    const auto config = read(std::string(kStudy) + "task: {task: STS-B, data: d}\n" + text);
    EXPECT_FALSE(config) << text;
    return config ? std::string() : config.error().message + config.error().hint;
  };
  const auto objective = refused("objectives: [{name: accuracy, goal: maximize}]\n");
  EXPECT_THAT(objective, HasSubstr("STS-B has scores"));
  EXPECT_THAT(objective, HasSubstr("study.yaml:14"));
  EXPECT_THAT(refused("constraints: [{name: matthews, min: 0}]\n"), HasSubstr("\"matthews\""));
  EXPECT_THAT(refused("prefer: accuracy\n"), HasSubstr("pearson"));
  EXPECT_THAT(refused("prefer: {pearson: 1, latency: 1}\n"), HasSubstr("'latency'"));
  EXPECT_THAT(refused("training: {patience: 2, stop_metric: accuracy}\n"),
              HasSubstr("stop_metric \"accuracy\""));
  EXPECT_TRUE(read(std::string(kStudy) + "task: {task: STS-B, data: d}\n" +
                   "training: {patience: 2, stop_metric: pearson}\nprefer: {latency_s: 1}\n"));
}

TEST(StudyConfig, OnlyOwnFilesAreToldWhatTheirLabelsAre) {
  const auto config =
      read(std::string(kStudy) + "task: {task: STS-B, data: d, label_kind: class}\n");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("label_kind 'class' is only for 'source: files'"));
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
