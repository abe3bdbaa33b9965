#include "service/glue_average.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::service {
namespace {

using base::Json;
using testing::HasSubstr;

base::Result<Json> average(const std::vector<Json>& results) {
  std::vector<std::string> names;
  for (size_t i = 0; i < results.size(); ++i) names.push_back("r" + std::to_string(i));
  return glue_average(results, names);
}

std::vector<Json> all_nine() {
  return {{{"task", "CoLA"}, {"matthews", -0.1}, {"accuracy", 0.7}},
          {{"task", "SST-2"}, {"accuracy", 0.9}},
          {{"task", "MRPC"}, {"accuracy", 0.8}, {"f1", 0.9}},
          {{"task", "STS-B"}, {"pearson", 0.5}, {"spearman", 0.7}},
          {{"task", "QQP"}, {"accuracy", 0.8}, {"f1", 0.6}},
          {{"task", "MNLI"}, {"accuracy", 0.7}, {"accuracy_mismatched", 0.8}},
          {{"task", "QNLI"}, {"accuracy", 0.85}},
          {{"task", "RTE"}, {"accuracy", 0.6}},
          {{"task", "WNLI"}, {"accuracy", 0.5}}};
}

TEST(GlueAverage, IsTheMeanOfTheTasksMeans) {
  const auto result = average(all_nine());
  ASSERT_TRUE(result) << result.error().message;
  const double without = -0.1 + 0.9 + 0.85 + 0.6 + 0.7 + 0.75 + 0.85 + 0.6;
  EXPECT_NEAR(result->at("glue_average").get<double>(), (without + 0.5) / 9, 1e-12);
  EXPECT_NEAR(result->at("glue_average_without_wnli").get<double>(), without / 8, 1e-12);
  EXPECT_EQ(result->at("complete"), true);
  EXPECT_EQ(result->at("missing"), Json::array());
}

TEST(GlueAverage, SaysWhatIsMissingAndWhatIsASubset) {
  const auto result = average({{{"task", "QNLI"}, {"accuracy", 0.5}, {"subsets", {"train"}}},
                               {{"task", "rte"}, {"accuracy", 0.7}}});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_NEAR(result->at("glue_average").get<double>(), 0.6, 1e-12);
  EXPECT_EQ(result->at("complete"), false);
  EXPECT_EQ(result->at("subsets"), Json::array({"QNLI"}));
  EXPECT_EQ(result->at("missing"),
            Json::array({"CoLA", "SST-2", "MRPC", "STS-B", "QQP", "MNLI", "WNLI"}));
}

TEST(GlueAverage, ASubsetOrAMetricTooFewIsNotComplete) {
  auto results = all_nine();
  results[5].erase("accuracy_mismatched");
  EXPECT_EQ(average(results)->at("complete"), false);
  EXPECT_NEAR(average(results)->at("tasks")[5].at("score").get<double>(), 0.7, 1e-12);
  results = all_nine();
  results[0]["subsets"] = {"dev"};
  EXPECT_EQ(average(results)->at("complete"), false);
}

TEST(GlueAverage, WithoutAnyTaskThereIsNone) {
  EXPECT_TRUE(average({})->at("glue_average").is_null());
  EXPECT_TRUE(
      average({{{"task", "WNLI"}, {"accuracy", 0.5}}})->at("glue_average_without_wnli").is_null());
}

TEST(GlueAverage, RefusesWhatIsNoResultOfATask) {
  EXPECT_THAT(average({{{"accuracy", 1}}}).error().message, HasSubstr("r0: it is no result"));
  EXPECT_THAT(average({{{"task", "wordnet"}, {"accuracy", 1}}}).error().message,
              HasSubstr("r0: \"wordnet\" is no GLUE task"));
  EXPECT_THAT(average({{{"task", "RTE"}, {"accuracy", 1}}, {{"task", "RTE"}, {"accuracy", 1}}})
                  .error()
                  .message,
              HasSubstr("r1: a result of RTE is already in r0"));
  for (const Json& bad : {Json(nullptr), Json("0.5"), Json(1.5)})
    EXPECT_THAT(average({{{"task", "RTE"}, {"accuracy", bad}}}).error().message,
                HasSubstr("RTE needs \"accuracy\", a number from -1 to 1"));
  EXPECT_THAT(average({{{"task", "MRPC"}, {"accuracy", 1}}}).error().message,
              HasSubstr("MRPC needs \"f1\""));
}

}  // namespace
}  // namespace edgetran::service
