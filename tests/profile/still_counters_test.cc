// Counters that stand still, and parts of a processor that cannot be read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/clock.h"
#include "profile/power_domains.h"
#include "profile/power_plan.h"
#include "profile/sensor_infos.h"

namespace edgetran::profile {
namespace {

using testing::counter;
using testing::event;
using testing::expect_whole;
using testing::gauge;
using ::testing::HasSubstr;
using testing::zone;

/// A counter that moves by one each `step_s` of the clock; 0: never.
class StepCounter final : public Sensor {
 public:
  StepCounter(SensorInfo info, base::Clock& clock, double step_s)
      : info_(std::move(info)), clock_(clock), step_s_(step_s) {}
  const SensorInfo& info() const override { return info_; }
  base::Result<Reading> read() override {
    if (step_s_ < 0) return base::fail(base::ErrorCategory::kDevice, "gone");
    return Reading{.ticks = step_s_ > 0 ? static_cast<uint64_t>(clock_.now_s() / step_s_) : 7};
  }

 private:
  SensorInfo info_;
  base::Clock& clock_;
  double step_s_;
};

/// The still ones of counters that move by steps of so many seconds, by channel, with the time that
/// they were watched; and how long that took in all.
std::pair<std::map<std::string, double>, double> watch(
    const std::vector<std::pair<SensorInfo, double>>& counters) {
  base::ManualClock clock(1000);
  std::vector<std::unique_ptr<Sensor>> sensors;
  for (const auto& [info, step_s] : counters) {
    sensors.push_back(std::make_unique<StepCounter>(info, clock, step_s));
  }
  const auto readings =
      read_counters(sensors, 3, [&clock] { clock.sleep_until(clock.now_s() + 0.02); });
  const double begun_s = clock.now_s();
  std::map<std::string, double> still;
  for (const StillCounter& each : watch_still_counters(sensors, readings, clock)) {
    still[sensors[each.sensor]->info().channel] = each.watched_s;
  }
  return {still, clock.now_s() - begun_s};
}

using Still = std::map<std::string, double>;

TEST(StillCounters, ProcessorsAreWatchedForThreeSecondsOthersForTen) {
  const auto [still, took_s] =
      watch({{event("psys"), 0},
             {event("package-0"), 0.001},
             {counter("hwmon-energy", "bmc/energy1", Boundary::kBoardInput), 4.0},
             {counter("hwmon-energy", "bmc/energy2", Boundary::kBoardInput), 0}});
  EXPECT_EQ(still, (Still{{"psys", 3}, {"bmc/energy2", 10}}));
  EXPECT_NEAR(took_s, 10, 0.2);
}

TEST(StillCounters, WhereAllMoveNothingIsWaitedFor) {
  const auto [still, took_s] = watch({{event("package-0"), 0.001}, {zone("package-0"), 0.001}});
  EXPECT_TRUE(still.empty());
  EXPECT_EQ(took_s, 0);
}

TEST(StillCounters, PartsRailsAndWhatCannotBeReadAreNotJudged) {
  // Graphics that rest count nothing; a reading that fails says nothing of movement.
  const auto [still, took_s] = watch({{zone("package-0/uncore"), 0},
                                      {counter("hwmon-energy", "x/y", Boundary::kRail), 0},
                                      {zone("package-0"), -1}});
  EXPECT_TRUE(still.empty());
  EXPECT_EQ(took_s, 0);
}

std::set<std::string> total(const PowerDomains& domains, const std::vector<SensorInfo>& sensors,
                            Boundary boundary) {
  std::set<std::string> names;
  for (const PowerTotal& each : domains.totals) {
    if (each.boundary != boundary) continue;
    for (const size_t i : each.sensors) names.insert(sensor_name(sensors[i]));
  }
  return names;
}

std::string reason(const PowerDomains& domains, size_t sensor) {
  for (const LeftOutSensor& each : domains.left_out) {
    if (each.sensor == sensor) return each.reason;
  }
  return "";
}

using Names = std::set<std::string>;

TEST(StillPsys, OfTheSecondPackageIsLeftOutAndTheFirstCounts) {
  // Sapphire Rapids: the platform is counted at one package, the other's register is always 0.
  const std::vector<SensorInfo> sensors = {event("psys"), event("psys-1"), event("package-0"),
                                           event("package-1")};
  const auto domains = power_domains(sensors, {}, {.still = {{1, 3}}});
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kPsys), Names{"perf-rapl/psys"});
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage),
            (Names{"perf-rapl/package-0", "perf-rapl/package-1"}));
  EXPECT_THAT(reason(domains, 1), HasSubstr("did not move in 3 s"));
}

TEST(StillPsys, OfPerfLeavesTheOneOfPowercap) {
  const std::vector<SensorInfo> sensors = {event("psys"), zone("psys"), zone("package-0")};
  EXPECT_EQ(total(power_domains(sensors, {}, {.still = {{0, 3}}}), sensors, Boundary::kPsys),
            Names{"powercap-rapl/psys"});
}

TEST(StillPsys, EverywhereLeavesThePackage) {
  const std::vector<SensorInfo> sensors = {event("psys"), zone("psys"), zone("package-0")};
  const auto domains = power_domains(sensors, {}, {.still = {{0, 3}, {1, 3}}});
  expect_whole(domains, sensors.size());
  EXPECT_TRUE(total(domains, sensors, Boundary::kPsys).empty());
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage), Names{"powercap-rapl/package-0"});
}

TEST(StillPackage, IsAPartThatTheTotalWouldLack) {
  const std::vector<SensorInfo> sensors = {zone("package-0"), zone("package-1")};
  const auto domains = power_domains(sensors, {}, {.still = {{1, 3}}});
  expect_whole(domains, sensors.size());
  EXPECT_TRUE(domains.totals.empty());
  EXPECT_EQ(reason(domains, 0),
            "package-1 of powercap-rapl stands still, so the package total would be too small");
}

TEST(StillPackage, ByMsrIsSeenByItsMappedTwin) {
  const std::vector<SensorInfo> sensors = {zone("package-0"), zone("mmio/package-0")};
  EXPECT_EQ(total(power_domains(sensors, {}, {.still = {{0, 3}}}), sensors, Boundary::kPackage),
            Names{"powercap-rapl/mmio/package-0"});
}

TEST(StillMemory, OfEveryPackageIsMemoryThatIsNotCounted) {
  const std::vector<SensorInfo> sensors = {zone("package-0"), zone("package-0/dram"),
                                           zone("package-1"), zone("package-1/dram")};
  EXPECT_EQ(
      total(power_domains(sensors, {}, {.still = {{1, 3}, {3, 3}}}), sensors, Boundary::kPackage),
      (Names{"powercap-rapl/package-0", "powercap-rapl/package-1"}));
  // One that counts says that the other should.
  const auto domains = power_domains(sensors, {}, {.still = {{3, 3}}});
  expect_whole(domains, sensors.size());
  EXPECT_TRUE(domains.totals.empty());
}

TEST(StillCounter, OfAnAcceleratorLeavesItsPowerAndIsNotComparedWithIt) {
  std::vector<SensorInfo> sensors = {counter("nvml", "GPU-1", Boundary::kAccelerator),
                                     gauge("nvml", "GPU-1/power", Boundary::kAccelerator)};
  for (SensorInfo& sensor : sensors) sensor.domain = "NVIDIA A2";
  sensors[1].within = "GPU-1";
  const auto domains = power_domains(sensors, {}, {.still = {{0, 10}}});
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kAccelerator), Names{"nvml/GPU-1/power"});
  const ChosenSensors chosen = choose_sensors(sensors, domains);
  EXPECT_EQ(chosen.sensors, std::vector<size_t>{1});
  EXPECT_TRUE(chosen.pairs.empty());
}

TEST(MissingPackage, VoidsTheTotalOfItsDriver) {
  const std::vector<SensorInfo> sensors = {zone("package-0"), zone("package-0/dram"), zone("psys")};
  const auto domains = power_domains(sensors, {}, {.missing = {zone("package-1")}});
  expect_whole(domains, sensors.size());
  EXPECT_TRUE(total(domains, sensors, Boundary::kPackage).empty());
  EXPECT_EQ(total(domains, sensors, Boundary::kPsys), Names{"powercap-rapl/psys"});
  for (const size_t i : {0U, 1U}) {
    EXPECT_EQ(reason(domains, i),
              "package-1 of powercap-rapl cannot be read, so the package total would be too small");
  }
}

TEST(MissingPackage, ByOneDriverIsSeenByAnotherThatIsComplete) {
  const std::vector<SensorInfo> sensors = {event("package-0"), event("package-1"),
                                           zone("package-0")};
  const auto domains = power_domains(sensors, {}, {.missing = {zone("package-1")}});
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage),
            (Names{"perf-rapl/package-0", "perf-rapl/package-1"}));
  // Refused altogether, as powercap is to all but root.
  const std::vector<SensorInfo> open = {event("package-0")};
  EXPECT_EQ(
      total(power_domains(open, {},
                          {.missing = {zone("package-0"), zone("package-0/dram"), zone("psys")}}),
            open, Boundary::kPackage),
      Names{"perf-rapl/package-0"});
}

TEST(MissingDie, VoidsItsSourceAndAnotherIsTaken) {
  std::vector<SensorInfo> sensors = {zone("package-0-die-0")};
  const SensorFaults faults{.missing = {zone("package-0-die-1")}};
  EXPECT_TRUE(power_domains(sensors, {}, faults).totals.empty());
  sensors.push_back(event("package-0-die-0"));
  sensors.push_back(event("package-0-die-1"));
  const auto domains = power_domains(sensors, {}, faults);
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage),
            (Names{"perf-rapl/package-0-die-0", "perf-rapl/package-0-die-1"}));
}

TEST(MissingMemory, VoidsTheTotalOfItsOwnDriver) {
  const std::vector<SensorInfo> sensors = {zone("package-0")};
  const auto domains = power_domains(sensors, {}, {.missing = {zone("package-0/dram")}});
  expect_whole(domains, sensors.size());
  EXPECT_TRUE(domains.totals.empty());
  // Cores are inside their package: without them nothing is missing.
  EXPECT_EQ(total(power_domains(sensors, {}, {.missing = {zone("package-0/core")}}), sensors,
                  Boundary::kPackage),
            Names{"powercap-rapl/package-0"});
}

TEST(MissingMemory, OfADriverWithoutARankIsNotAnothersLack) {
  const std::vector<SensorInfo> sensors = {event("package-0")};
  const SensorFaults faults{.missing = {counter("csv", "package-0/dram", Boundary::kPackage)}};
  EXPECT_EQ(total(power_domains(sensors, {}, faults), sensors, Boundary::kPackage),
            Names{"perf-rapl/package-0"});
}

TEST(MissingZone, WithoutANameMayBeAnyOfItsDriver) {
  SensorInfo nameless = zone("package-0");
  nameless.channel = "";
  const std::vector<SensorInfo> sensors = {zone("package-0"), event("package-0")};
  EXPECT_EQ(total(power_domains(sensors, {}, {.missing = {nameless}}), sensors, Boundary::kPackage),
            Names{"perf-rapl/package-0"});
  const std::vector<SensorInfo> alone = {zone("package-0")};
  EXPECT_TRUE(power_domains(alone, {}, {.missing = {nameless}}).totals.empty());
}

TEST(MissingMeter, OfAnotherKindIsNoPartOfTheProcessor) {
  const std::vector<SensorInfo> sensors = {event("package-0")};
  const auto domains = power_domains(
      sensors, {},
      {.missing = {gauge("hwmon-power", "amdgpu-0000:04:00.0/PPT", Boundary::kPackage)}});
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage), Names{"perf-rapl/package-0"});
}

}  // namespace
}  // namespace edgetran::profile
