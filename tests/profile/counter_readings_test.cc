#include "profile/counter_readings.h"

#include <gtest/gtest.h>

#include "profile/sensor_infos.h"

namespace edgetran::profile {
namespace {

using testing::gauge;
using testing::in_turn;
using testing::kRange;
using testing::zone;

TEST(Mirrored, OneRegisterShownTwiceMovesInLockStep) {
  EXPECT_TRUE(mirrored(in_turn({{0, 5000}, {1, 5000}}, 2), 0, 1, kRange));
  EXPECT_TRUE(mirrored(in_turn({{0, 5000}, {1, 5000}}, 3, 1000, 0), 0, 1, kRange));
  EXPECT_TRUE(mirrored(in_turn({{1, 5000}, {7, 99}, {0, 5000}}, 3), 0, 1, kRange));
}

TEST(Mirrored, TwoRegistersDoNotHoldTheSameCount) {
  // Equal power, counts apart by more than a step, either way round, also by more than half a
  // range.
  for (const uint64_t apart : {uint64_t{1001}, uint64_t{50000}, kRange / 2, kRange - 5000}) {
    EXPECT_FALSE(mirrored(in_turn({{0, 5000}, {1, 5000 + apart}}, 2), 0, 1, kRange)) << apart;
    EXPECT_FALSE(mirrored(in_turn({{0, 5000 + apart}, {1, 5000}}, 2), 0, 1, kRange)) << apart;
  }
}

TEST(Mirrored, AWrapBetweenAnyTwoReadingsChangesNothing) {
  for (uint64_t before = 0; before < 3100; before += 50) {
    const uint64_t start = kRange - 1 - before;
    EXPECT_TRUE(mirrored(in_turn({{0, start}, {1, start}}, 4), 0, 1, kRange)) << before;
    EXPECT_FALSE(mirrored(in_turn({{0, start}, {1, start / 2}}, 4), 0, 1, kRange)) << before;
  }
}

TEST(Mirrored, WhatCannotBeToldIsNot) {
  EXPECT_FALSE(mirrored({}, 0, 1, kRange));
  EXPECT_FALSE(mirrored(in_turn({{0, 5000}, {1, 5000}}, 1), 0, 1, kRange));  // a, b
  EXPECT_FALSE(mirrored(in_turn({{0, 0}, {1, 0}}, 5, 0, 0), 0, 1, kRange));  // both stand still
  EXPECT_FALSE(mirrored(in_turn({{0, 5000}}, 9), 0, 1, kRange));             // one did not answer
}

class FakeCounter final : public Sensor {
 public:
  FakeCounter(SensorInfo info, std::vector<int64_t> values)
      : info_(std::move(info)), values_(std::move(values)) {}
  const SensorInfo& info() const override { return info_; }
  base::Result<Reading> read() override {
    const int64_t value = values_.at(next_++);
    if (value < 0) return base::fail(base::ErrorCategory::kDevice, "gone");
    return Reading{static_cast<uint64_t>(value), 0};
  }

 private:
  SensorInfo info_;
  std::vector<int64_t> values_;
  size_t next_ = 0;
};

TEST(ReadCounters, InTurnWithPausesBetweenRoundsAndWithoutWhatFailed) {
  std::vector<std::unique_ptr<Sensor>> sensors;
  sensors.push_back(
      std::make_unique<FakeCounter>(zone("package-0"), std::vector<int64_t>{1, -1, 5}));
  sensors.push_back(std::make_unique<FakeCounter>(gauge("hwmon-power", "x/y", Boundary::kRail),
                                                  std::vector<int64_t>{}));
  sensors.push_back(std::make_unique<FakeCounter>(zone("psys"), std::vector<int64_t>{2, 4, 6}));
  int pauses = 0;
  const auto readings = read_counters(sensors, 3, [&pauses] { ++pauses; });
  EXPECT_EQ(pauses, 2);
  std::vector<std::pair<size_t, uint64_t>> seen;
  for (const auto& reading : readings) seen.emplace_back(reading.sensor, reading.ticks);
  EXPECT_EQ(seen,
            (std::vector<std::pair<size_t, uint64_t>>{{0, 1}, {2, 2}, {2, 4}, {0, 5}, {2, 6}}));
}

}  // namespace
}  // namespace edgetran::profile
