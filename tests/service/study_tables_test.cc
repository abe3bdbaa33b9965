#include "service/study/study_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace edgetran::service {
namespace {

using base::Json;

store::StudyView scored_study() {
  store::StudyView study;
  study.objectives = {{"pearson", "", true}, {"latency_s", "s", false}};
  study.devices = {{"d", nullptr}};
  for (const double pearson : {0.5, -0.1}) {
    store::TrialView trial;
    trial.trial = static_cast<int64_t>(study.trials.size()) + 1;
    trial.state = "complete";
    trial.rungs = {{0, 10, {{"pearson", pearson}, {"rmse", 1.5}}, 1, ""}};
    trial.measurements = {
        {"d", {{"kind", "measured"}, {"latency", {{"median_s", 0.5 * pearson + 1}}}}}};
    study.trials.push_back(std::move(trial));
  }
  return study;
}

const Column* column(const Reply& reply, const std::string& key) {
  const auto found = std::ranges::find(reply.columns, key, &Column::key);
  return found == reply.columns.end() ? nullptr : &*found;
}

TEST(StudyTables, NameTheQualityOfTheStudy) {
  const auto reply = pairs_reply(scored_study(), false);
  const auto* quality = column(reply, "pearson");
  ASSERT_NE(quality, nullptr);
  EXPECT_EQ(quality->heading, "Pearson correlation");
  EXPECT_EQ(quality->shown, Shown::kNumber);
  EXPECT_EQ(column(reply, "accuracy"), nullptr);
  EXPECT_EQ(reply.data.at(0).at("pearson"), 0.5);
  EXPECT_EQ(reply.data.at(0).at("rmse"), 1.5);
  EXPECT_EQ(status_reply(scored_study()).data.at("metric"), "pearson");
}

TEST(StudyTables, AnAccuracyIsShownInPerCent) {
  auto study = scored_study();
  study.objectives = {{"accuracy", "", true}};
  const auto reply = pairs_reply(study, false);
  ASSERT_NE(column(reply, "accuracy"), nullptr);
  EXPECT_EQ(column(reply, "accuracy")->shown, Shown::kPercent);
}

TEST(StudyTables, ANegativeCorrelationDominatesNothing) {
  const auto volume = hypervolume_json(scored_study());
  EXPECT_EQ(volume.at("reference").at("pearson"), 0.0);
  EXPECT_EQ(volume.at("value"), 0.0);  // the other pair is the slowest, which is the reference
}

TEST(StudyTables, SayThatTheDataAreASubsetOnlyWhereTheyAre) {
  auto study = scored_study();
  EXPECT_EQ(column(pairs_reply(study, false), "subset"), nullptr);
  EXPECT_FALSE(pairs_reply(study, false).data.at(0).contains("note"));
  EXPECT_FALSE(status_reply(study).data.contains("subsets"));
  study.config = {{"data", {{"subsets", {"train", "dev"}}, {"note", "only parts"}}}};
  const auto reply = pairs_reply(study, true);
  ASSERT_NE(column(reply, "subset"), nullptr);
  for (const auto& row : reply.data) {
    EXPECT_EQ(row.at("subset"), "train and dev");
    EXPECT_EQ(row.at("note"), "only parts");
  }
  EXPECT_EQ(status_reply(study).data.at("subsets"), (Json{"train", "dev"}));
  EXPECT_EQ(status_reply(study).data.at("note"), "only parts");
}

}  // namespace
}  // namespace edgetran::service
