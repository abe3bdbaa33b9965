#include "service/study/study_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::service {
namespace {

using base::Json;
using ::testing::HasSubstr;

TEST(StudyHistory, WritesWorkSoThatItReadsBackEqual) {
  const search::Work train{.kind = search::Work::Kind::kTrain,
                           .trial = 3,
                           .device = "",
                           .rung = 2,
                           .from_tokens = 100,
                           .to_tokens = 400};
  const search::Work measure{.kind = search::Work::Kind::kMeasure, .trial = 3, .device = "d"};
  for (const auto& work : {train, measure}) {
    const auto back = read_work(work_json(work), 3);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, work);
  }
  EXPECT_FALSE(read_work({{"kind", "dance"}}, 3));
}

TEST(StudyHistory, NamesTheFirstDifferenceOfAnotherConfiguration) {
  const Json created = {{"config", {{"task", {{"max_length", 32}}}, {"seed", 1}}},
                        {"devices", Json::array({"a"})}};
  EXPECT_TRUE(check_same_study(created, created.at("config"), created.at("devices"), "F"));
  Json changed = created.at("config");
  changed["task"]["max_length"] = 64;
  const auto config = check_same_study(created, changed, created.at("devices"), "F");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().category, base::ErrorCategory::kUsage);
  EXPECT_THAT(config.error().message, HasSubstr("task.max_length: 32 there, 64 now"));
  const auto devices = check_same_study(created, created.at("config"), Json::array({"b"}), "F");
  ASSERT_FALSE(devices);
  EXPECT_THAT(devices.error().message, HasSubstr("devices"));
}

TEST(StudyHistory, EndsTrainingAtTheLastRung) {
  EXPECT_EQ(last_rung_tokens({{"rungs", {10, 30, 20}}}, 10), 30);
  EXPECT_EQ(last_rung_tokens(Json::object(), 10), 10);
}

}  // namespace
}  // namespace edgetran::service
