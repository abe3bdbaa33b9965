#include "report/handover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::report {
namespace {

using ::testing::Contains;
using ::testing::Pair;

store::DeployedView deployed() {
  return {.trial = 1,
          .device = "d",
          .files = {{"onnx", "deploy/model.onnx"}, {"onnx_bytes", 2048}},
          .parity = {{"rows", 256},
                     {"agreement", 0.996},
                     {"deployed_accuracy", 0.66},
                     {"trained_accuracy", 0.664},
                     {"max_abs_difference", 0.0188},
                     {"largest_logit", 8.77}},
          .metrics = {{"test_accuracy", 0.632},
                      {"test_rows", 5852},
                      {"latency_s", 1.9e-4},
                      {"latency_low_s", 1.89e-4},
                      {"latency_high_s", 1.91e-4}}};
}

TEST(Handover, SaysWhatWasHandedOverInShownFigures) {
  const auto facts = handover_facts(deployed(), quality_of_name("accuracy"), "test rows");
  EXPECT_THAT(facts, Contains(Pair("ONNX file", "deploy/model.onnx (2.00 KiB)")));
  EXPECT_THAT(facts, Contains(Pair("accuracy on test rows", "63.2 %, 5 852 rows")));
  EXPECT_THAT(facts, Contains(Pair("verified on the device",
                                   "256 rows, 99.6 % of the answers as in training")));
  EXPECT_THAT(facts,
              Contains(Pair("accuracy on these rows", "66.0 % deployed, 66.4 % in training")));
}

TEST(Handover, SaysHowFarScoresAgreeAndNamesTheirMetric) {
  auto view = deployed();
  view.parity = {{"rows", 256},
                 {"agreement", 0.996},
                 {"score_range", 5.0},
                 {"tolerance", 0.05},
                 {"deployed_pearson", 0.412},
                 {"trained_pearson", 0.413},
                 {"max_abs_difference", 0.061}};
  view.metrics = {{"test_pearson", 0.4156}, {"test_rows", 1500}};
  const auto facts = handover_facts(view, quality_of_name("pearson"), "development rows");
  EXPECT_THAT(facts,
              Contains(Pair("Pearson correlation on development rows", "0.416, 1 500 rows")));
  EXPECT_THAT(facts, Contains(Pair("verified on the device",
                                   "256 rows, 99.6 % of the answers as in training, within 0.05 "
                                   "(1.0 % of the scores' range)")));
  EXPECT_THAT(facts, Contains(Pair("Pearson correlation on these rows",
                                   "0.412 deployed, 0.413 in training")));
  EXPECT_THAT(facts,
              Contains(Pair("largest difference of a score", "0.061, the scores' range is 5")));
}

TEST(Handover, SaysWhyNothingWasVerified) {
  auto view = deployed();
  view.parity = {{"verified", false}, {"reason", "a simulated board computes nothing"}};
  EXPECT_THAT(handover_facts(view, quality_of_name("accuracy"), "test rows"),
              Contains(Pair("not verified", "a simulated board computes nothing")));
}

TEST(Handover, ShowsWhatItDoesNotKnowAsItStands) {
  const store::DeployedView view{
      .trial = 1, .device = "d", .files = {{"weights", "w.bin"}}, .parity = {}, .metrics = {}};
  EXPECT_THAT(handover_facts(view, quality_of_name("accuracy"), "test rows"),
              Contains(Pair("weights", "w.bin")));
}

}  // namespace
}  // namespace edgetran::report
