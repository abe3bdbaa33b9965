#include "profile/meters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/hash.h"
#include "profile/record.h"
#include "profile/recording_text.h"

namespace edgetran::profile {
namespace {

using base::Json;
using ::testing::HasSubstr;

constexpr double kClock_s = 5000;

/// A measurement of 5 windows of 2 s, 100 runs each, after 10 s idle, on a board that reads
/// nothing.
Recording unmetered() {
  Recording recording;
  recording.header.runtime = "test";
  recording.header.profile = *find_profile("standard");
  recording.header.settings.accelerator = "CPU";
  Segment& segment = recording.segments.emplace_back();
  segment.clock_s = kClock_s;
  segment.host = Json::object();
  segment.idle_loaded = TimeSpan{1, 11};
  segment.warm_up = {0.02};
  for (int i = 0; i < 5; ++i) {
    Window& window = segment.windows.emplace_back();
    window.span = {12.0 + 2 * i, 14.0 + 2 * i};
    window.seconds = std::vector<double>(100, 0.02);
  }
  segment.idle_after = TimeSpan{22, 27};
  segment.ended = true;
  return recording;
}

/// A meter at 100 Hz, on the board's clock: `busy_w` in the windows, 2 W else.
PowerTrace meter(double busy_w, double from_s = -2, double to_s = 30) {
  PowerTrace trace;
  trace.info.driver = "csv";
  trace.info.channel = "plug";
  trace.info.boundary = Boundary::kWall;
  trace.update_s = 0.01;
  for (int64_t i = 0; from_s + 0.01 * static_cast<double>(i) <= to_s; ++i) {
    const double at_s = from_s + 0.01 * static_cast<double>(i);
    const bool busy = at_s >= 12 && at_s < 22;
    // A little noise, so that a repeated value is not taken for a stale one.
    const double watts = (busy ? busy_w : 2.0) + 1e-6 * static_cast<double>(i % 2);
    trace.samples.push_back({kClock_s + at_s, kClock_s + at_s, {0, watts}, true});
  }
  return trace;
}

Json record_of(const std::string& raw) {
  return make_record(*decode_recording(raw), base::sha256_hex(raw), raw.size());
}

TEST(Meters, GiveAMeasurementItsEnergy) {
  const auto raw = with_meters(encode_recording(unmetered()), {meter(7)});
  ASSERT_TRUE(raw) << raw.error().message;
  const Json record = record_of(*raw);
  EXPECT_NEAR(record["energy"]["gross_j"].get<double>(), 7 * 2.0 / 100, 1e-3);
  EXPECT_NEAR(record["energy"]["net_j"].get<double>(), 5 * 2.0 / 100, 1e-3);
  EXPECT_EQ(record["energy"]["boundary"], "wall");
  EXPECT_NEAR(record["power"]["mean_w"].get<double>(), 7, 0.05);
  EXPECT_EQ(record["provenance"]["sensors"][0]["name"], "csv/plug");
}

TEST(Meters, LeaveTheTimesAsTheyWere) {
  const std::string before = encode_recording(unmetered());
  const std::string after = *with_meters(before, {meter(7)});
  EXPECT_TRUE(record_of(before)["energy"].is_null());
  EXPECT_EQ(record_of(before)["latency"], record_of(after)["latency"]);
}

TEST(Meters, OnlyTheSamplesAroundASegmentAreKept) {
  const auto raw = with_meters(encode_recording(unmetered()), {meter(7, -1000, 1000)});
  const Recording recording = *decode_recording(*raw);
  const auto& samples = recording.segments[0].traces[0].samples;
  EXPECT_NEAR(samples.front().before_s, -5, 0.02);
  EXPECT_NEAR(samples.back().before_s, 32, 0.02);
}

TEST(Meters, OneOfTheBoardsOwnBoundaryReplacesItsTotal) {
  Recording recording = unmetered();
  PowerTrace own = meter(70);
  own.info.driver = "battery";
  for (auto& sample : own.samples) sample.before_s = sample.after_s -= kClock_s;
  recording.segments[0].traces = {own, own};
  recording.segments[0].traces[1].info.boundary = Boundary::kPackage;
  recording.segments[0].totals = {{Boundary::kWall, {0}}, {Boundary::kPackage, {1}}};
  const Recording joined = *decode_recording(*with_meters(encode_recording(recording), {meter(7)}));
  const Segment& segment = joined.segments[0];
  ASSERT_EQ(segment.traces.size(), 3U);
  ASSERT_EQ(segment.totals.size(), 2U);
  EXPECT_EQ(segment.totals[0].boundary, Boundary::kPackage);
  EXPECT_EQ(segment.totals[0].sensors, std::vector<size_t>{1});
  EXPECT_EQ(segment.totals[1].boundary, Boundary::kWall);
  EXPECT_EQ(segment.totals[1].sensors, std::vector<size_t>{2});
}

TEST(Meters, OneThatWasSilentMeanwhileIsSaidToBe) {
  for (const auto& [trace, text] : {std::pair{meter(7, -100, -60), "end 60.0 s before"},
                                    std::pair{meter(7, 100, 140), "begin 73.0 s after"},
                                    std::pair{meter(7, 1, 0), "no value"}}) {
    const Json record = record_of(*with_meters(encode_recording(unmetered()), {trace}));
    EXPECT_TRUE(record["energy"].is_null());
    EXPECT_THAT(record["provenance"]["sensor_notes"].dump(), HasSubstr(text));
  }
}

TEST(Meters, OneWithAGapGivesNoEnergyForThatWindow) {
  PowerTrace trace = meter(7);
  std::erase_if(trace.samples, [](const PowerSample& sample) {
    return sample.before_s > kClock_s + 14.5 && sample.before_s < kClock_s + 15;
  });
  const Json record = record_of(*with_meters(encode_recording(unmetered()), {trace}));
  EXPECT_EQ(record["energy"]["windows"], 4);
  EXPECT_EQ(record["energy"]["faults"], (Json{{"GAP", 1}}));
}

TEST(Meters, NeedAnAgentThatTellsItsClock) {
  Recording recording = unmetered();
  recording.segments[0].clock_s = 0;
  const auto raw = with_meters(encode_recording(recording), {meter(7)});
  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error().category, base::ErrorCategory::kUsage);
}

TEST(Meters, WantRawSamples) {
  EXPECT_EQ(with_meters("no samples", {meter(7)}).error().category, base::ErrorCategory::kCorrupt);
}

}  // namespace
}  // namespace edgetran::profile
