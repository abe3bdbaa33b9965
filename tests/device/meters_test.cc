#include "device/meters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/clock.h"
#include "base/files.h"
#include "places.h"

namespace edgetran::device {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

const std::filesystem::path kAgent = places::programs() / "edgetran-agent";

base::Result<std::vector<Meter>> read(const std::string& yaml) {
  return read_meters(*base::ConfigValue::parse_yaml(yaml, "card.yaml"));
}

/// A log with a value every 0.1 s from `from_s` to `to_s`, in seconds from now.
class Log {
 public:
  Log() : folder_(std::move(*base::TemporaryFolder::create("meters"))) {
    std::ofstream(path()) << "time,watts\n";
  }
  std::filesystem::path path() const { return folder_.path() / "plug.csv"; }
  void write(double from_s, double to_s) const {
    std::ofstream file(path(), std::ios::app);
    const double now_s = base::SystemClock().unix_time_s();
    file.precision(17);
    for (double at_s = from_s; at_s < to_s; at_s += 0.1) file << now_s + at_s << ",4.5\n";
  }
  std::string card(const std::string& more = "") const {
    return "[{driver: csv, file: " + path().string() +
           ", time: time, power: watts, boundary: wall, update_s: 0.1" + more + "}]";
  }

 private:
  base::TemporaryFolder folder_;
};

TEST(Meters, ASensorOfThisMachineIsRead) {
  const auto meters =
      read("[{driver: synthetic, kind: gauge, shape: constant, base_w: 5, update_s: 0.02}]");
  ASSERT_TRUE(meters) << meters.error().message;
  base::SystemClock clock;
  auto started = Meters::start(*meters, kAgent, {});
  ASSERT_TRUE(started) << started.error().message;
  const double from_s = clock.now_s();
  clock.sleep_until(from_s + 1);
  const auto read = (*started)->read({}, {});
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->traces.size(), 1U);
  const auto& samples = read->traces[0].samples;
  EXPECT_EQ(read->traces[0].info.driver, "synthetic");
  ASSERT_FALSE(samples.empty());
  EXPECT_LE(samples.front().time_s(), from_s);
  EXPECT_GE(samples.back().time_s(), from_s + 1);
  for (const auto& sample : samples) EXPECT_DOUBLE_EQ(sample.value.watts, 5);
}

TEST(Meters, WhatWasReadStaysAndMoreComes) {
  auto started = Meters::start(
      *read("[{driver: synthetic, kind: gauge, shape: constant, base_w: 5, update_s: 0.02}]"),
      kAgent, {});
  ASSERT_TRUE(started) << started.error().message;
  const auto first = (*started)->read({}, {});
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE((*started)->begin());
  EXPECT_TRUE((*started)->alive());
  const double now_s = base::SystemClock().now_s();
  const auto second = (*started)->read({}, {});
  ASSERT_TRUE(second) << second.error().message;
  // Less than five minutes old: nothing is forgotten yet.
  EXPECT_EQ(second->traces[0].samples.front().before_s, first->traces[0].samples.front().before_s);
  EXPECT_GE(second->traces[0].samples.back().time_s(), now_s);
}

TEST(Meters, ASensorThatIsNotThereSaysSoInItsOwnWords) {
  const auto meters = read("[{driver: ina219, bus: 249, shunt_ohm: 0.1}]");
  ASSERT_TRUE(meters) << meters.error().message;
  const auto started = Meters::start(*meters, kAgent, {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(started.error().message, HasSubstr("i2c-249"));
}

TEST(Meters, ALogIsPlacedOnThisMachinesClock) {
  const Log log;
  log.write(-10, 10);
  auto started = Meters::start(*read(log.card()), kAgent, {});
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_DOUBLE_EQ((*started)->slowest_update_s(), 0.1);
  const double now_s = base::SystemClock().now_s();
  const auto read = (*started)->read({}, {});
  ASSERT_TRUE(read) << read.error().message;
  const auto& trace = read->traces[0];
  EXPECT_NEAR(trace.samples.front().time_s(), now_s - 10, 0.5);
  EXPECT_EQ(trace.info.boundary, profile::Boundary::kWall);
  EXPECT_DOUBLE_EQ(trace.update_s, 0.1);
}

TEST(Meters, ALogIsWaitedForAndItsCutLineLeftOut) {
  const Log log;
  log.write(-1, 0);
  auto started = Meters::start(*read(log.card()), kAgent, {});
  ASSERT_TRUE(started) << started.error().message;
  std::ofstream(log.path(), std::ios::app) << "17";  // a program writes it just now
  EXPECT_TRUE((*started)->read({}, {}));  // it ends before this moment: what is there is told
}

TEST(Meters, ALogsMistakesAreNamedBeforeAnythingIsMeasured) {
  const Log log;
  std::ofstream(log.path(), std::ios::app) << "17,many\n";
  const auto started = Meters::start(*read(log.card()), kAgent, {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("plug.csv:2"));
  std::filesystem::remove(log.path());
  EXPECT_EQ(Meters::start(*read(log.card()), kAgent, {}).error().category,
            ErrorCategory::kNotFound);
}

TEST(Meters, AreReadStrictly) {
  const Log log;
  EXPECT_FALSE(read(log.card(", watts: 3")));
  EXPECT_FALSE(read("[{driver: csv, file: x, time: t, power: p, boundary: wall}]"));  // no update_s
  EXPECT_FALSE(read("[{driver: csv, file: x, time: t, power: p, boundary: wall, update_s: 0}]"));
  EXPECT_FALSE(read("[{driver: csv, file: x, time: t, power: p, update_s: 1}]"));  // no boundary
  EXPECT_FALSE(read("[{driver: ina219, bus: 1, shunt_ohm: 0}]"));
  EXPECT_FALSE(read("[{driver: nvml}]"));  // found, not declared
  const auto unknown = read("[{driver: csvv}]");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("one of csv, ina219"));
}

TEST(Meters, TimesFollowTheBoardsClock) {
  const Log log;
  log.write(-10, 10);
  auto started = Meters::start(*read(log.card()), kAgent, {});
  ASSERT_TRUE(started);
  const double now_s = base::SystemClock().now_s();
  const auto read = (*started)->read({{now_s - 10, 1000, 0.001}, {now_s, 1000.5, 0.002}}, {});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_DOUBLE_EQ(read->clock_uncertainty_s, 0.002);
  const auto& samples = read->traces[0].samples;
  EXPECT_NEAR(samples.front().time_s(), now_s + 990, 0.3);
  EXPECT_NEAR(samples.front().after_s - samples.front().before_s, 0.004, 1e-6);
}

TEST(Meters, AClockThatJumpedPlacesNothing) {
  const Log log;
  log.write(-1, 1);
  auto started = Meters::start(*read(log.card()), kAgent, {});
  ASSERT_TRUE(started);
  const auto read = (*started)->read({{0, 1000, 0.001}, {10, -4000, 0.001}}, {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().category, ErrorCategory::kDevice);
}

TEST(BoardOffset, LiesOnTheLineBetweenReadingsAndIsHeldBeyond) {
  const std::vector<ClockReading> clocks = {{10, 5, 0}, {20, 7, 0}};
  EXPECT_DOUBLE_EQ(board_offset_s(clocks, 0), 5);
  EXPECT_DOUBLE_EQ(board_offset_s(clocks, 15), 6);
  EXPECT_DOUBLE_EQ(board_offset_s(clocks, 25), 7);
}

}  // namespace
}  // namespace edgetran::device
