#include "train/events.h"

#include <gtest/gtest.h>

namespace edgetran::train {
namespace {

TEST(Events, ResultIsReadAsItWasWritten) {
  TrainResult result;
  result.metrics = {{"accuracy", 0.75}};
  result.loss = 0.1;
  result.seconds = 12.5;
  result.tokens = 1000;
  result.steps = 10;
  result.peak_memory_bytes = 1 << 30;
  result.model = "some/folder";
  result.best_step = 7;
  result.stopped_early = true;
  result.rollbacks = 2;
  const auto again = read_result(base::ConfigValue::from_json(result_json(result), "reply"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(result_json(*again), result_json(result));
}

TEST(Events, ResultOfAWrongTypeIsAProtocolError) {
  base::Json json = result_json(TrainResult{});
  json["tokens"] = "many";
  const auto result = read_result(base::ConfigValue::from_json(json, "reply"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category, base::ErrorCategory::kProtocol);
}

TEST(Events, ProgressCarriesItsFields) {
  const auto event = to_event(Progress{
      .step = 3, .tokens = 96, .loss = 0.5, .tokens_per_s = 2, .learning_rate = 0.25, .eta_s = 8});
  EXPECT_EQ(event.name, "progress");
  EXPECT_EQ(event.fields["step"], 3);
  EXPECT_EQ(event.fields["eta_s"], 8.0);
}

TEST(Events, AResultOfTheVersionBeforeIsRead) {
  base::Json json = result_json(TrainResult{});
  for (const char* key : {"best_step", "stopped_early", "rollbacks"}) json.erase(key);
  EXPECT_TRUE(read_result(base::ConfigValue::from_json(json, "reply")));
}

TEST(Events, AnEvaluationWhileTrainingNamesItsStep) {
  EXPECT_EQ(evaluated_event({{"accuracy", 0.5}}, 12).fields["step"], 12);
  EXPECT_FALSE(evaluated_event({{"accuracy", 0.5}}).fields.contains("step"));
}

}  // namespace
}  // namespace edgetran::train
