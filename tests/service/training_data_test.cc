#include "service/training_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace edgetran::service {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TrainingData, AnEvaluationKnowsThatItsModelSawASubset) {
  const Json subset = {{"kind", "finetune"}, {"data", {{"subset", true}}}};
  const Json whole = {{"kind", "finetune"}, {"data", {{"split", "train"}}}};
  const auto seen = [](const Json& jobs) {
    return with_training_subset({"dev"}, Json{{"jobs", jobs}});
  };
  EXPECT_THAT(seen({whole, subset}), ElementsAre("train", "dev"));
  EXPECT_THAT(seen({subset, whole}), ElementsAre("dev"));
  EXPECT_THAT(with_training_subset({}, Json::object()), IsEmpty());
}

TEST(TrainingData, AGlueResultHasItsMetricsTheirMeanAndItsSubsets) {
  Json figures = {{"accuracy", 0.5}, {"f1", 0.7}, {"loss", 1.0}};
  LabelledDataFlags flags;
  flags.task = "mrpc";
  describe_data(flags, {"train"}, figures);
  EXPECT_EQ(figures.at("task"), "MRPC");
  EXPECT_EQ(figures.at("glue"), (Json{{"accuracy", 0.5}, {"f1", 0.7}}));
  EXPECT_NEAR(figures.at("score").get<double>(), 0.6, 1e-12);
  EXPECT_EQ(figures.at("subsets"), Json::array({"train"}));
  EXPECT_THAT(figures.at("note").get<std::string>(),
              HasSubstr("train is only a subset of the data set"));
}

TEST(TrainingData, ATaskNeedsItsFolderAndAName) {
  LabelledDataFlags flags;
  flags.task = "RTE";
  EXPECT_THAT(labelled_source(flags, true, nullptr).error().message,
              HasSubstr("the task RTE needs --data"));
  flags.task = "rtee";
  EXPECT_THAT(labelled_source(flags, true, nullptr).error().message,
              HasSubstr("\"rtee\" is no GLUE task"));
}

TEST(TrainingData, TheLabelKindIsAskedForDetectedOrTheModels) {
  const auto folder = base::TemporaryFolder::create("edgetran-flags").value();
  const auto write = [&](const char* name, std::string_view text) {
    EXPECT_TRUE(base::write_file_atomic(folder.path() / name, text));
    return (folder.path() / name).string();
  };
  LabelledDataFlags flags;
  flags.dev = write("dev.csv", "text,label\na,1\nb,2\n");
  const auto kind = [&](const weights::ModelInfo* model) {
    return labelled_source(flags, true, model).value()->kind();
  };
  EXPECT_EQ(kind(nullptr), data::Kind::kClassification);
  weights::ModelInfo model;
  model.labels = 1;
  EXPECT_EQ(kind(&model), data::Kind::kRegression);
  flags.label_kind = "class";
  EXPECT_EQ(kind(&model), data::Kind::kClassification);
  flags.label_kind = "auto";
  flags.train = write("train_subset.csv", "text,label\na,0.5\nb,2\n");
  EXPECT_EQ(kind(nullptr), data::Kind::kRegression);
  EXPECT_THAT(labelled_source(flags, true, nullptr).value()->subsets(), ElementsAre("train"));
  flags.text_column = "a,b,c";
  EXPECT_THAT(labelled_source(flags, true, nullptr).error().message, HasSubstr("'a,b,c'"));
}

}  // namespace
}  // namespace edgetran::service
