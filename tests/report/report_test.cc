#include "report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "report/facts.h"
#include "report/page_data.h"
#include "report/synthetic_study.h"

namespace edgetran::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string render(const store::StudyView& study) {
  auto page = render_report(study, {.program = "edgetran test", .commands = {}});
  EXPECT_TRUE(page) << page.error().message;
  return page.value_or("");
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Report, ThousandTrialsOnThreeDevicesStayUnderAMegabyte) {
  EXPECT_LT(render(synthetic_study(1000)).size(), 1'000'000U);
}

TEST(Report, SameStudyGivesTheSameBytes) {
  EXPECT_EQ(render(synthetic_study(40)), render(synthetic_study(40)));
}

TEST(Report, TextOfTheStudyNeverBecomesMarkup) {
  const std::string page = render(synthetic_study(16));
  EXPECT_THAT(page, HasSubstr("<title>glosses &amp; &lt;senses&gt; "));
  EXPECT_THAT(page, Not(HasSubstr("</script><b>")));
  EXPECT_EQ(count(page, "</script>"), 2U);
}

TEST(Report, PageForbidsEveryRequest) {
  EXPECT_THAT(render(synthetic_study(8)), HasSubstr("default-src 'none'"));
}

TEST(Report, EmptyStudyStillRenders) {
  store::StudyView study;
  study.name = "empty";
  EXPECT_THAT(render(study), HasSubstr("\"recommended\":null"));
}

TEST(Report, MalformedSpecLosesOnlyItsPicture) {
  store::StudyView study = synthetic_study(8);
  study.trials[0].spec = "not a spec";
  study.trials[1].spec = {{"layers", {3, {{"width", "wide"}, {"heads", nullptr}}}}};
  const base::Json page = page_data(study, {});
  EXPECT_TRUE(page["encoders"][0]["layers"].empty());
  EXPECT_EQ(page["encoders"][0]["parameters"], study.trials[0].parameters);
}

TEST(PageData, EqualLayersAreFoldedAndHeadsCounted) {
  store::StudyView study = synthetic_study(8);
  const base::Json layer = {{"width", 64},
                            {"head_width", 32},
                            {"heads", {"c_5", "sa_sdp", "c_5"}},
                            {"feed_forward", {128}}};
  base::Json other = layer;
  other["width"] = 128;
  study.trials[0].spec = {{"layers", {layer, layer, other, layer}}};
  const base::Json layers = page_data(study, {})["encoders"][0]["layers"];
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[0]["repeat"], 2);
  EXPECT_EQ(layers[0]["heads"], base::Json::parse(R"([["c_5",2],["sa_sdp",1]])"));
  EXPECT_EQ(layers[2]["repeat"], 1);
}

TEST(PageData, ColumnsOfEvaluationsAreEquallyLong) {
  const base::Json page = page_data(synthetic_study(24), {});
  const size_t rows = page["evaluations"]["encoder"].size();
  EXPECT_EQ(rows, 21U * 3U);  // 24 trials, every eighth failed, three devices
  for (const auto& [name, column] : page["evaluations"].items())
    EXPECT_EQ(column.size(), rows) << name;
}

TEST(PageData, FiguresThatAreNotFiniteAreMissing) {
  store::StudyView study = synthetic_study(8);
  study.trials[0].rungs.back().metrics["loss"] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(page_data(study, {})["encoders"][0]["rungs"].back()["loss"].is_null());
}

TEST(PageData, QualityIsNamedAsTheStudyNamesIt) {
  const base::Json classes = page_data(synthetic_study(8), {});
  EXPECT_EQ(classes["quality"], (base::Json{{"name", "accuracy"},
                                            {"title", "accuracy"},
                                            {"share", true},
                                            {"bounded", true},
                                            {"scored_on", "test rows"},
                                            {"subset_note", ""}}));
  const base::Json scores = page_data(scored_study(8), {});
  EXPECT_EQ(scores["quality"]["name"], "pearson");
  EXPECT_EQ(scores["quality"]["title"], "Pearson correlation");
  EXPECT_EQ(scores["quality"]["share"], false);
  EXPECT_EQ(scores["quality"]["bounded"], true);
  EXPECT_EQ(scores["quality"]["scored_on"], "development rows");
  EXPECT_EQ(scores["evaluations"]["quality"], classes["evaluations"]["quality"]);
  EXPECT_EQ(scores["baselines"][0]["quality"], 0);
  EXPECT_EQ(scores["recommended"]["test_quality"], 0.702);
  EXPECT_THAT(render(scored_study(8)), Not(HasSubstr("\"accuracy\"")));
}

TEST(Report, SubsetsAreSaidInEveryForm) {
  const store::StudyView study = scored_study(8);
  EXPECT_EQ(page_data(study, {})["quality"]["subset_note"],
            "train and dev are only a <subset> of the data set");
  const std::string markdown = render_markdown(study);
  EXPECT_THAT(markdown, HasSubstr("**Subset:** train and dev are only a"));
  EXPECT_THAT(render_markdown(synthetic_study(8)), Not(HasSubstr("Subset")));
  const std::string csv = render_csv(study);
  EXPECT_THAT(csv, HasSubstr(",spec_hash,subsets\r\n"));
  EXPECT_EQ(count(csv, ",train dev\r\n"), 7U * 3U);
  EXPECT_EQ(count(render_csv(synthetic_study(8)), ",train dev\r\n"), 0U);
}

TEST(Tables, MarkdownNamesTheMetric) {
  const std::string text = render_markdown(scored_study(8));
  EXPECT_THAT(text, HasSubstr("Pearson correlation 0."));
  EXPECT_THAT(text, HasSubstr("## On the same development rows"));
  EXPECT_THAT(text, HasSubstr("| mean of the training scores | 0 |"));
  EXPECT_THAT(text, Not(HasSubstr("accuracy")));
}

TEST(Facts, ObjectsBecomeGroupsAndNestedNamesAreJoined) {
  store::StudyView study;
  study.config = {{"budget", 12}, {"data", {{"text_file", "a.txt"}, {"split", {{"dev", 0.1}}}}}};
  study.result = {{"data", {{"rows", 7}}}, {"recommended", {{"trial", 1}}}};
  const auto groups = study_facts(study);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_THAT(groups[0].rows, testing::Contains(Fact("budget", "12")));
  EXPECT_EQ(groups[1].title, "Data");
  EXPECT_THAT(groups[1].rows, testing::ElementsAre(Fact("text file", "a.txt"),
                                                   Fact("split dev", "0.1"), Fact("rows", "7")));
}

TEST(Facts, LongTextIsCutBetweenCharacters) {
  std::string text = "x";
  while (text.size() < 400) text += "é";
  const auto facts = flatten({{"note", text}});
  EXPECT_LT(facts[0].second.size(), 310U);
  EXPECT_TRUE(facts[0].second.ends_with("é…"));
}

TEST(Facts, FailedTrialsAndFlaggedMeasurementsAreProblems) {
  store::StudyView study = synthetic_study(8);
  study.trials[0].measurements[1].record["flags"] = {"throttled"};
  const auto problems = study_problems(study);
  EXPECT_THAT(problems, testing::Contains(
                            Fact("Encoder 1 on cpu-2t-fp32:", "measurement flagged throttled")));
  EXPECT_THAT(problems, testing::Contains(testing::Field(&Fact::first, "Encoder 8 failed:")));
}

TEST(Tables, CsvHasALineAnEvaluationAndAsManyFieldsAsColumns) {
  const std::string csv = render_csv(synthetic_study(16));
  EXPECT_EQ(count(csv, "\r\n"), 1U + 14U * 3U);
  const std::string header = csv.substr(0, csv.find("\r\n"));
  const std::string second =
      csv.substr(header.size() + 2, csv.find("\r\n", header.size() + 2) - header.size() - 2);
  EXPECT_EQ(count(header, ","), 19U);
  EXPECT_EQ(count(second, ","), 19U);
  EXPECT_EQ(count(csv, ",yes,yes,") + count(csv, ",no,yes,"), 1U);  // one recommended pair
}

TEST(Tables, MarkdownNamesThePairTheBaselinesAndTheProblems) {
  const std::string text = render_markdown(synthetic_study(16));
  EXPECT_THAT(text, HasSubstr("Recommended: **encoder "));
  EXPECT_THAT(text, HasSubstr("| TF-IDF with logistic regression | 64.1"));
  EXPECT_THAT(text, HasSubstr("- Encoder 8 failed: worker killed"));
  EXPECT_THAT(text, Not(HasSubstr("</script>")));
}

}  // namespace
}  // namespace edgetran::report
