#include "report/evaluations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/synthetic_study.h"

namespace edgetran::report {
namespace {

/// A study of finished encoders on one device with these (latency, accuracy) pairs.
store::StudyView study_of(const std::vector<std::pair<double, double>>& pairs) {
  store::StudyView study;
  study.devices = {{"d", nullptr}};
  for (const auto& [latency, accuracy] : pairs) {
    store::TrialView trial;
    trial.trial = static_cast<int64_t>(study.trials.size()) + 1;
    trial.state = "complete";
    trial.rungs = {
        {.rung = 0, .tokens = 1, .metrics = {{"accuracy", accuracy}}, .seconds = 1, .model = ""}};
    trial.measurements = {{"d", {{"kind", "measured"}, {"latency", {{"median_s", latency}}}}}};
    study.trials.push_back(trial);
  }
  return study;
}

std::vector<bool> fronts(const store::StudyView& study) {
  std::vector<bool> front;
  for (const Evaluation& one : evaluations_of(study)) front.push_back(one.front);
  return front;
}

TEST(Evaluations, FrontHasThosePairsThatNoneBeats) {
  EXPECT_THAT(fronts(study_of({{1, 0.5}, {2, 0.4}, {3, 0.6}, {2, 0.5}, {0.5, 0.1}})),
              testing::ElementsAre(true, false, true, false, true));
}

TEST(Evaluations, EqualPairsShareTheFront) {
  EXPECT_THAT(fronts(study_of({{1, 0.5}, {1, 0.5}, {1, 0.4}})),
              testing::ElementsAre(true, true, false));
}

TEST(Evaluations, StoppedEncodersAreNotOnTheFront) {
  store::StudyView study = study_of({{1, 0.9}, {2, 0.5}});
  study.trials[0].state = "stopped";
  EXPECT_THAT(fronts(study), testing::ElementsAre(false, true));
}

TEST(Evaluations, KindsHaveFrontsOfTheirOwn) {
  store::StudyView study = study_of({{1, 0.9}, {2, 0.5}});
  study.trials[0].measurements[0].record["kind"] = "modelled";
  EXPECT_THAT(fronts(study), testing::ElementsAre(true, true));
}

// 50 of 100: (0.5 + 1.9208/100 -+ 1.96 sqrt(0.25/100 + 0.9604/100^2)) / (1 + 3.8416/100)
TEST(Evaluations, WilsonIntervalMatchesHandCalculation) {
  const Figure figure = wilson_interval(0.5, 100);
  EXPECT_NEAR(*figure.low, 0.40383, 1e-5);
  EXPECT_NEAR(*figure.high, 0.59617, 1e-5);
}

TEST(Evaluations, WilsonIntervalStaysInsideZeroAndOne) {
  EXPECT_EQ(*wilson_interval(0, 3).low, 0);
  EXPECT_EQ(*wilson_interval(1, 3).high, 1);
}

TEST(Evaluations, UnknownKindIsNotPassedOffAsMeasured) {
  store::StudyView study = study_of({{1, 0.5}, {2, 0.6}, {3, 0.7}});
  study.trials[1].measurements[0].record["kind"] = "guessed";
  study.trials[2].measurements[0].record.erase("kind");
  const auto evaluations = evaluations_of(study);
  EXPECT_EQ(evaluations[0].kind, "measured");
  EXPECT_EQ(evaluations[1].kind, "modelled");
  EXPECT_EQ(evaluations[2].kind, "modelled");
}

TEST(Evaluations, RecommendedPairIsFoundByTrialAndDevice) {
  store::StudyView study = study_of({{1, 0.5}, {2, 0.6}});
  const auto evaluations = evaluations_of(study);
  EXPECT_EQ(recommended_of(study, evaluations), std::nullopt);
  study.result = {{"recommended", {{"trial", 2}, {"device", "d"}}}};
  EXPECT_EQ(recommended_of(study, evaluations), 1U);
  study.result["recommended"]["device"] = "another";
  EXPECT_EQ(recommended_of(study, evaluations), std::nullopt);
}

// r = 0.5 over 28 rows: tanh(0.5493061 -+ 1.9599640 / 5).
TEST(Evaluations, FisherIntervalMatchesHandCalculation) {
  const Figure figure = fisher_interval(0.5, 28);
  EXPECT_NEAR(*figure.low, 0.156028, 1e-5);
  EXPECT_NEAR(*figure.high, 0.735818, 1e-5);
}

TEST(Evaluations, FisherIntervalOfFewRowsOrAPerfectCorrelation) {
  EXPECT_EQ(fisher_interval(0.5, 3).low, std::nullopt);
  EXPECT_EQ(*fisher_interval(1, 10).low, 1);
  EXPECT_EQ(*fisher_interval(-1, 10).high, -1);
}

TEST(Evaluations, QualityOfScoresIsTheirCorrelationWithItsInterval) {
  store::StudyView study = study_of({{1, 0.5}});
  study.objectives = {{"pearson", "", true}};
  study.trials[0].rungs[0].metrics = {{"pearson", -0.25}, {"rmse", 1.5}, {"rows", 28}};
  const Figure quality = evaluations_of(study)[0].quality;
  EXPECT_EQ(quality.value, -0.25);
  EXPECT_LT(*quality.low, -0.25);
  EXPECT_GT(*quality.high, -0.25);
}

}  // namespace
}  // namespace edgetran::report
