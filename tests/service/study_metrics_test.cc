#include "service/study/study_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::service {
namespace {

using base::Json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TaskConfig glue(const char* name) {
  TaskConfig task;
  task.task = name;
  return task;
}

TaskConfig files(const char* label_kind) {
  TaskConfig task;
  task.source = "files";
  task.label_kind = label_kind;
  return task;
}

TEST(StudyMetrics, ATaskSaysByWhatItsEncodersAreCompared) {
  EXPECT_EQ(task_metric(TaskConfig{}), "accuracy");
  EXPECT_EQ(task_metric(files("class")), "accuracy");
  EXPECT_EQ(task_metric(files("score")), "pearson");
  EXPECT_EQ(task_metric(glue("sts-b")), "pearson");
  EXPECT_EQ(task_metric(glue("CoLA")), "matthews");
  EXPECT_EQ(task_metric(glue("MRPC")), "accuracy");
  EXPECT_EQ(task_metric(glue("MNLI")), "accuracy");
}

TEST(StudyMetrics, AreThoseOfItsKindOfLabelsAndOfTheHardware) {
  const auto scores = study_metrics(glue("STS-B"));
  for (const char* name : {"pearson", "spearman", "rmse", "loss", "latency_s", "parameters"})
    EXPECT_THAT(scores, Contains(name));
  for (const char* name : {"accuracy", "f1", "rows"}) EXPECT_THAT(scores, Not(Contains(name)));
  const auto classes = study_metrics(glue("MRPC"));
  for (const char* name : {"accuracy", "f1", "macro_f1", "matthews", "peak_power_w"})
    EXPECT_THAT(classes, Contains(name));
  EXPECT_THAT(classes, Not(Contains("pearson")));
}

TEST(StudyMetrics, AnUnknownOneIsRefusedAtItsPlaceWithTheNearest) {
  const auto name = base::ConfigValue::parse_yaml("accuracy", "study.yaml").value();
  EXPECT_TRUE(check_study_metric(name, glue("MRPC")));
  const auto refused = check_study_metric(name, glue("STS-B"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("\"accuracy\" is no figure of this study; STS-B has scores"));
  EXPECT_THAT(refused.error().message, HasSubstr("study.yaml:1"));
  EXPECT_THAT(refused.error().message + refused.error().hint, HasSubstr("pearson"));
  const auto typo = base::ConfigValue::parse_yaml("latency", "study.yaml").value();
  const auto near = check_study_metric(typo, TaskConfig{});
  ASSERT_FALSE(near);
  EXPECT_THAT(near.error().message + near.error().hint, HasSubstr("did you mean 'latency_s'"));
}

TEST(StudyMetrics, TheDataSayThatTheyAreASubset) {
  const auto source = [](std::vector<data::TableSettings::Split> splits) {
    return data::make_table_source(
        {.splits = std::move(splits), .text_columns = {"text"}, .label_column = "label"});
  };
  EXPECT_EQ(data_json(files("score"), *source({{"train", "a.tsv"}, {"dev", "b.tsv"}})),
            (Json{{"label_kind", "score"}, {"metric", "pearson"}, {"scored_on", "dev"}}));
  const Json subset = data_json(
      glue("QNLI"), *source({{"train", "a_subset.tsv"}, {"dev", "b.tsv"}, {"test", "c.tsv"}}));
  EXPECT_EQ(subset.at("scored_on"), "test");
  EXPECT_EQ(subset.at("subsets"), Json::array({"train"}));
  EXPECT_THAT(subset.at("note").get<std::string>(), HasSubstr("train is only a subset"));
}

}  // namespace
}  // namespace edgetran::service
