#include "device/clock_offset.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace edgetran::device {
namespace {

TEST(ClockOffset, TheQuickestRoundTripCounts) {
  const auto reading = read_offset({{10, 110.9, 11}, {20, 120.105, 20.2}, {30, 130.6, 30.8}});
  ASSERT_TRUE(reading);
  EXPECT_NEAR(reading->offset_s, 100.005, 1e-12);
  EXPECT_NEAR(reading->uncertainty_s, 0.1, 1e-12);
  EXPECT_NEAR(reading->at_s, 20.1, 1e-12);
}

TEST(ClockOffset, IsWithinItsUncertaintyHoweverTheWayIsShared) {
  base::RandomStream random(7, "ways");
  for (int run = 0; run < 1000; ++run) {
    const double truth_s = 1e4 * (random.uniform() - 0.5);
    std::vector<RoundTrip> trips;
    for (int i = 0; i < 8; ++i) {
      const double asked_s = 100 + i;
      const double there_s = 0.2 * random.uniform();
      const double back_s = 0.01 * random.uniform();  // another way back than there
      trips.push_back({asked_s, asked_s + there_s + truth_s, asked_s + there_s + back_s});
    }
    const auto reading = read_offset(trips);
    ASSERT_TRUE(reading);
    EXPECT_LE(std::abs(reading->offset_s - truth_s), reading->uncertainty_s + 1e-9);
  }
}

TEST(ClockOffset, AnAnswerBeforeItsQuestionDoesNotCount) {
  EXPECT_FALSE(read_offset({{10, 5, 9}}));
  EXPECT_FALSE(read_offset({}));
}

TEST(ClockOffset, DriftIsWhatTheOtherClockGainedASecond) {
  const base::Json json = clock_json({100, 50, 0.001}, ClockReading{300, 50.02, 0.003});
  EXPECT_EQ(json["offset_s"], 50);
  EXPECT_EQ(json["uncertainty_s"], 0.003);
  EXPECT_NEAR(json["drift"].get<double>(), 1e-4, 1e-12);
}

TEST(ClockOffset, WithoutALaterReadingOrTimeBetweenThereIsNoDrift) {
  EXPECT_TRUE(clock_json({100, 50, 0.001}, std::nullopt)["drift"].is_null());
  EXPECT_TRUE(clock_json({100, 50, 0.001}, ClockReading{100, 51, 0.001})["drift"].is_null());
}

}  // namespace
}  // namespace edgetran::device
