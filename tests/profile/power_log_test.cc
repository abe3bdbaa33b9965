#include "profile/power_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>

#include "base/files.h"
#include "profile/log_time.h"

namespace edgetran::profile {
namespace {

using base::ErrorCategory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const PowerLogFormat kWatts{
    .time = "time", .power = "power", .volt = {}, .ampere = {}, .phase = {}};

base::Result<PowerLog> parse(std::string_view text, const PowerLogFormat& format = kWatts) {
  return parse_power_log(text, "meter.csv", format);
}

std::string error_of(std::string_view text, const PowerLogFormat& format = kWatts) {
  const auto log = parse(text, format);
  if (log) return "no error";
  EXPECT_EQ(log.error().category, ErrorCategory::kUsage);
  return log.error().message;
}

TEST(PowerLog, ColumnsByNameWithCommentsQuotesAndWindowsLines) {
  const auto log = parse(
      "\xEF\xBB\xBF# meter 7, \"lab\"\r\n#\r\n\r\npower, note ,time\r\n"
      "35.5,\"on, \"\"idle\"\"\",0.25\r\n45,,0.75\r\n");
  ASSERT_TRUE(log) << log.error().message;
  const auto& samples = log->trace.samples;
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].before_s, 0.25);
  EXPECT_EQ(samples[0].after_s, 0.25);
  EXPECT_EQ(samples[0].value.watts, 35.5);
  EXPECT_EQ(samples[1].time_s(), 0.75);
  EXPECT_EQ(samples[1].value.watts, 45);
  EXPECT_EQ(log->trace.info.driver, "csv");
  EXPECT_EQ(log->trace.info.channel, "meter");
  EXPECT_EQ(log->trace.info.kind, SensorKind::kGauge);
  EXPECT_THAT(log->phases, IsEmpty());
}

TEST(PowerLog, VoltsTimesAmperesMilliwattsAndMilliseconds) {
  PowerLogFormat format = kWatts;
  format.power.clear();
  format.volt = "U";
  format.ampere = "I";
  format.time_unit = LogTimeUnit::kMilliseconds;
  format.offset_s = 100;
  format.separator = ';';
  const auto product = parse("time;U;I\n500;5;0.5\n", format);
  ASSERT_TRUE(product) << product.error().message;
  EXPECT_DOUBLE_EQ(product->trace.samples[0].value.watts, 2.5);
  EXPECT_DOUBLE_EQ(product->trace.samples[0].before_s, 100.5);
  PowerLogFormat milli = kWatts;
  milli.unit_w = 1e-3;
  EXPECT_DOUBLE_EQ(parse("time,power\n0,1234\n", milli)->trace.samples[0].value.watts, 1.234);
}

TEST(PowerLog, DatesAreSecondsOfTheSession) {
  PowerLogFormat format = kWatts;
  format.time_unit = LogTimeUnit::kIso;
  format.offset_s = -1769860800;  // 2026-01-31T12:00:00Z
  const auto log =
      parse("time,power\n2026-01-31T12:00:00.5Z,1\n2026-01-31 14:00:01+02:00,2\n", format);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_DOUBLE_EQ(log->trace.samples[0].before_s, 0.5);
  EXPECT_DOUBLE_EQ(log->trace.samples[1].before_s, 1);
}

TEST(PowerLog, WhatIsNoValueIsAnInvalidSampleAndNeverZeroPower) {
  const auto log = parse("time,power\n0,1\n1,\n2,NaN\n3,-inf\n4,overflow\n5,2\n");
  ASSERT_TRUE(log) << log.error().message;
  std::vector<bool> valid;
  for (const PowerSample& sample : log->trace.samples) valid.push_back(sample.valid);
  EXPECT_THAT(valid, ElementsAre(true, false, false, false, false, true));
}

TEST(PowerLog, ProductsThatOverflowAreInvalid) {
  PowerLogFormat format = kWatts;
  format.power.clear();
  format.volt = "U";
  format.ampere = "I";
  EXPECT_FALSE(parse("time,U,I\n0,1e300,1e300\n", format)->trace.samples[0].valid);
  EXPECT_FALSE(parse("time,U,I\n0,5,nan\n", format)->trace.samples[0].valid);
}

TEST(PowerLog, GapsStayGapsAndEqualTimesStand) {
  const auto log = parse("time,power\n0,1\n0,1\n3600,2\n");
  ASSERT_TRUE(log);
  EXPECT_EQ(log->trace.samples.size(), 3U);
  EXPECT_EQ(log->trace.samples[2].before_s, 3600);
}

TEST(PowerLog, PhasesAreKept) {
  PowerLogFormat format = kWatts;
  format.phase = "phase";
  const auto log = parse("time,power,phase\n0,1,idle\n1,2,\"window, 1\"\n", format);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_THAT(log->phases, ElementsAre("idle", "window, 1"));
}

TEST(PowerLog, ErrorsNameFileAndLine) {
  EXPECT_THAT(error_of(""), HasSubstr("meter.csv has no line with the names"));
  EXPECT_THAT(error_of("# only a comment\n\n"), HasSubstr("has no line with the names"));
  EXPECT_THAT(error_of("#\ntime,power\n0,1\n\n1,two\n"),
              HasSubstr("meter.csv:5: column \"power\" says \"two\""));
  EXPECT_THAT(error_of("time,power\n0,1\n1\n"), HasSubstr("meter.csv:3: the row has 1 fields"));
  EXPECT_THAT(error_of("time,power\n5,1\n4.5,1\n"),
              HasSubstr("meter.csv:3: time goes backwards by 0.5 s"));
  EXPECT_THAT(error_of("time,power\nnan,1\n"), HasSubstr("column \"time\" says \"nan\""));
  EXPECT_THAT(error_of("time,power\n,1\n"), HasSubstr("a number was expected"));
  EXPECT_THAT(error_of("time,power\n0,\"1\n"), HasSubstr("not closed"));
  EXPECT_THAT(error_of("time,power,power\n"), HasSubstr("two columns are named \"power\""));
  EXPECT_THAT(error_of("time,power\n0,1e999\n"), HasSubstr("1e999"));
  const auto log = parse("time,Power [W]\n");
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().message, HasSubstr("no column \"power\"; the columns are \"time\" and"));
}

TEST(PowerLog, ALogOfNamesAloneHasNoSamples) {
  const auto log = parse("time,power\n");
  ASSERT_TRUE(log);
  EXPECT_THAT(log->trace.samples, IsEmpty());
}

TEST(PowerLog, AMissingFileIsNotFound) {
  EXPECT_EQ(read_power_log({"/no/such/meter.csv", kWatts}).error().category,
            ErrorCategory::kNotFound);
}

base::Result<PowerLogSource> source(const std::string& yaml) {
  const auto value = base::ConfigValue::parse_yaml(yaml, "card.yaml").value();
  auto map = base::ConfigMap::of(value).value();
  EDGETRAN_ASSIGN(PowerLogSource read, read_power_log_source(map));
  EDGETRAN_TRY(map.finish());
  return read;
}

TEST(PowerLogCard, KeysAndDefaults) {
  const auto read = source("{file: m.csv, time: t, power: P, boundary: wall}");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->file, "m.csv");
  EXPECT_EQ(read->format.time_unit, LogTimeUnit::kSeconds);
  EXPECT_EQ(read->format.unit_w, 1);
  EXPECT_EQ(read->format.boundary, Boundary::kWall);
  const auto full = source(
      "{file: m.csv, time: t, time_unit: iso, power: P, unit: mW, phase: p, separator: tab, "
      "boundary: board-input, offset_s: -3.5}");
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(full->format.time_unit, LogTimeUnit::kIso);
  EXPECT_EQ(full->format.unit_w, 1e-3);
  EXPECT_EQ(full->format.separator, '\t');
  EXPECT_EQ(full->format.offset_s, -3.5);
}

TEST(PowerLogCard, WrongKeysAreUsageErrors) {
  for (const char* yaml :
       {"{time: t, power: P, boundary: wall}", "{file: f, power: P, boundary: wall}",
        "{file: f, time: t, boundary: wall}", "{file: f, time: t, volt: U, boundary: wall}",
        "{file: f, time: t, power: P, volt: U, ampere: I, boundary: wall}",
        "{file: f, time: t, power: P}", "{file: f, time: t, power: P, boundary: socket}",
        "{file: f, time: t, power: P, boundary: wall, unit: kW}",
        "{file: f, time: t, volt: U, ampere: I, boundary: wall, unit: mW}",
        "{file: f, time: t, power: P, boundary: wall, time_unit: min}",
        "{file: f, time: t, power: P, boundary: wall, wattage: W}"}) {
    const auto read = source(yaml);
    ASSERT_FALSE(read) << yaml;
    EXPECT_EQ(read.error().category, ErrorCategory::kUsage) << yaml;
  }
}

TEST(LogTime, AgreesWithTheSystemsCalendar) {
  for (const int64_t second :
       {0LL, 951'782'399LL, 951'868'800LL, 1'769'860'800LL, 4'102'444'799LL}) {
    const auto time = static_cast<time_t>(second);
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    EXPECT_EQ(parse_iso_time(text.data()), static_cast<double>(second)) << text.data();
  }
}

TEST(LogTime, FractionsAndZones) {
  const double noon = 1769860800;  // 2026-01-31T12:00:00Z
  EXPECT_EQ(parse_iso_time("2026-01-31T12:00:00"), noon);
  EXPECT_EQ(parse_iso_time("2026-01-31 12:00:00,25"), noon + 0.25);
  EXPECT_EQ(parse_iso_time("2026-01-31T14:30:00+0230"), noon);
  EXPECT_EQ(parse_iso_time("2026-01-31T04:00:00.5-08:00"), noon + 0.5);
}

TEST(LogTime, WhatIsNoDateIsRefused) {
  for (const char* text :
       {"", "2026-01-31", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z", "2026-01-31T12:00:61Z", "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00Zx", "2026-01-31T12:00:00+2", "26-01-31T12:00:00Z", "1769860800"})
    EXPECT_EQ(parse_iso_time(text), std::nullopt) << text;
}

}  // namespace
}  // namespace edgetran::profile
