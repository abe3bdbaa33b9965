#include "profile/power_trace_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/files.h"
#include "base/random.h"

namespace edgetran::profile {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;
using ::testing::StartsWith;

PowerLog counter_log() {
  PowerLog log;
  SensorInfo& info = log.trace.info;
  info.driver = "powercap-rapl";
  info.channel = "intel-rapl:0:1";
  info.domain = "dram";
  info.within = "intel-rapl:0";
  info.source = "/sys/class/powercap/intel-rapl:0:1/energy_uj";
  info.kind = SensorKind::kCounter;
  info.boundary = Boundary::kPackage;
  info.joules_per_tick = 1e-6;
  info.range_ticks = std::numeric_limits<uint64_t>::max();
  info.rating_w = 95.5;
  log.trace.update_s = 0.001;
  const uint64_t high = std::numeric_limits<uint64_t>::max() - 1;
  log.trace.samples = {{.before_s = 0.1, .after_s = 0.1 + 1e-9, .value = {.ticks = high}},
                       {.before_s = 1.1, .after_s = 1.2, .value = {}, .valid = false},
                       {.before_s = 2.1, .after_s = 2.2, .value = {.ticks = 7}}};
  log.phases = {"idle, loaded", "window \"1\"", ""};
  return log;
}

void expect_same(const PowerLog& a, const PowerLog& b) {
  ASSERT_EQ(a.trace.samples.size(), b.trace.samples.size());
  for (size_t i = 0; i < a.trace.samples.size(); ++i) {
    const PowerSample& x = a.trace.samples[i];
    const PowerSample& y = b.trace.samples[i];
    EXPECT_EQ(x.before_s, y.before_s);
    EXPECT_EQ(x.after_s, y.after_s);
    EXPECT_EQ(x.valid, y.valid);
    EXPECT_EQ(x.value.ticks, y.value.ticks);
    EXPECT_EQ(x.value.watts, y.value.watts);
  }
  EXPECT_EQ(a.phases, b.phases);
  const SensorInfo& x = a.trace.info;
  const SensorInfo& y = b.trace.info;
  EXPECT_EQ(std::tie(x.driver, x.channel, x.domain, x.within, x.source, x.kind, x.boundary),
            std::tie(y.driver, y.channel, y.domain, y.within, y.source, y.kind, y.boundary));
  EXPECT_EQ(std::tie(x.joules_per_tick, x.range_ticks, x.resolution_w, x.averaging_s, x.gain_error,
                     x.rating_w, a.trace.update_s),
            std::tie(y.joules_per_tick, y.range_ticks, y.resolution_w, y.averaging_s, y.gain_error,
                     y.rating_w, b.trace.update_s));
}

TEST(PowerTraceCsv, ACounterComesBackExactly) {
  const PowerLog log = counter_log();
  const auto back = decode_power_trace(encode_power_trace(log), "trace.csv");
  ASSERT_TRUE(back) << back.error().message;
  expect_same(log, *back);
}

TEST(PowerTraceCsv, AnyGaugeComesBackExactly) {
  base::RandomStream random(5, "power_trace");
  PowerLog log;
  log.trace.info.driver = "ina219";
  log.trace.info.gain_error = 0.005;
  log.trace.info.averaging_s = 0.1362;
  double time_s = 1e9;
  for (int i = 0; i < 500; ++i) {
    time_s += std::exp(random.normal());
    log.trace.samples.push_back({.before_s = time_s,
                                 .after_s = time_s + 1e-4,
                                 .value = {.watts = random.normal() * std::exp2(i % 60)}});
  }
  const auto back = decode_power_trace(encode_power_trace(log), "trace.csv");
  ASSERT_TRUE(back) << back.error().message;
  expect_same(log, *back);
}

TEST(PowerTraceCsv, IsPlainCsvBehindTwoComments) {
  PowerLog log;
  log.trace.samples = {{.before_s = 0.5, .after_s = 0.501, .value = {.watts = 35.75}}};
  log.phases = {"idle"};
  const std::string text = encode_power_trace(log);
  EXPECT_THAT(text, StartsWith("# edgetran.power-trace/1\n# {\"driver\":"));
  EXPECT_THAT(text, HasSubstr("\nbefore_s,after_s,power_w,phase\n0.5,0.501,35.75,idle\n"));
  // A meter's log reader takes it, too.
  const PowerLogFormat format{
      .time = "before_s", .power = "power_w", .volt = {}, .ampere = {}, .phase = "phase"};
  EXPECT_EQ(parse_power_log(text, "trace.csv", format)->trace.samples[0].value.watts, 35.75);
}

TEST(PowerTraceCsv, PowerThatIsNotFiniteBecomesAFailedSample) {
  PowerLog log;
  log.trace.samples = {{.before_s = 0, .after_s = 0, .value = {.watts = std::nan("")}}};
  const auto back = decode_power_trace(encode_power_trace(log), "trace.csv");
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->trace.samples[0].valid);
}

TEST(PowerTraceCsv, DamageIsCorruptionAtItsLine) {
  const std::string good = encode_power_trace(counter_log());
  const auto error_of = [](const std::string& text) {
    const auto log = decode_power_trace(text, "trace.csv");
    if (log) return std::string("no error");
    EXPECT_EQ(log.error().category, ErrorCategory::kCorrupt);
    return log.error().message;
  };
  EXPECT_THAT(error_of(""), StartsWith("trace.csv:1:"));
  EXPECT_THAT(error_of("time,power\n"), HasSubstr("# edgetran.power-trace/1"));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return error_of(text);
  };
  EXPECT_THAT(replaced("\"kind\"", "\"kinds\""), StartsWith("trace.csv:2:"));
  EXPECT_THAT(replaced("\"package\"", "\"pack\""), StartsWith("trace.csv:2:"));
  EXPECT_THAT(replaced("ticks,phase", "power_w,phase"), StartsWith("trace.csv:3:"));
  EXPECT_THAT(replaced("2.1,2.2,7", "2.1,2.2,-7"), StartsWith("trace.csv:6: ticks"));
  EXPECT_THAT(replaced("2.1,2.2,7", "2.1,2.2"), StartsWith("trace.csv:6: 3 fields"));
  EXPECT_THAT(replaced("2.1,2.2,7", "x,2.2,7"), StartsWith("trace.csv:6: before_s"));
}

TEST(PowerTraceCsv, IsWrittenWhole) {
  const auto folder = base::TemporaryFolder::create("power").value();
  const auto path = folder.path() / "trace.csv";
  ASSERT_TRUE(write_power_log(path, counter_log()));
  EXPECT_EQ(base::read_file(path).value(), encode_power_trace(counter_log()));
}

}  // namespace
}  // namespace edgetran::profile
