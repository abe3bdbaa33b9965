#include "profile/power_domains.h"

#include <gtest/gtest.h>

#include <set>

#include "profile/sensor_infos.h"

namespace edgetran::profile {
namespace {

using testing::counter;
using testing::event;
using testing::expect_whole;
using testing::gauge;
using testing::in_turn;
using testing::zone;

/// The channels of a boundary's total, as "driver:channel".
std::set<std::string> total(const PowerDomains& domains, const std::vector<SensorInfo>& sensors,
                            Boundary boundary) {
  std::set<std::string> names;
  for (const PowerTotal& each : domains.totals) {
    if (each.boundary != boundary) continue;
    for (const size_t i : each.sensors) names.insert(sensors[i].driver + ":" + sensors[i].channel);
  }
  return names;
}

std::string reason(const PowerDomains& domains, const std::vector<SensorInfo>& sensors,
                   const std::string& channel) {
  for (const LeftOutSensor& each : domains.left_out) {
    if (sensors[each.sensor].channel == channel) return each.reason;
  }
  return "";
}

using Names = std::set<std::string>;

TEST(PowerDomains, OfALaptopPsysAndPackageStandSideBySide) {
  const std::vector<SensorInfo> sensors = {
      zone("package-0"),      zone("package-0/core"), zone("package-0/uncore"),
      zone("package-0/dram"), zone("psys"),           zone("mmio/package-0")};
  const auto domains = power_domains(sensors, {});
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kPsys), Names{"powercap-rapl:psys"});
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage),
            (Names{"powercap-rapl:package-0", "powercap-rapl:package-0/dram"}));
  EXPECT_EQ(reason(domains, sensors, "package-0/core"),
            "is inside package-0, which counts its energy");
  EXPECT_EQ(reason(domains, sensors, "mmio/package-0"),
            "is the same energy as package-0 of powercap-rapl");
}

TEST(PowerDomains, WhereTheMsrZoneIsMissingItsTwinCounts) {
  const std::vector<SensorInfo> sensors = {zone("mmio/package-0"), zone("mmio/package-0/dram")};
  EXPECT_EQ(total(power_domains(sensors, {}), sensors, Boundary::kPackage),
            (Names{"powercap-rapl:mmio/package-0", "powercap-rapl:mmio/package-0/dram"}));
}

TEST(PowerDomains, PerfGoesBeforePowercapDomainByDomain) {
  const std::vector<SensorInfo> sensors = {zone("package-0"),  zone("package-0/dram"),
                                           event("package-0"), event("package-0/core"),
                                           zone("psys"),       event("psys")};
  const auto domains = power_domains(sensors, {});
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage),
            (Names{"perf-rapl:package-0", "powercap-rapl:package-0/dram"}));
  EXPECT_EQ(total(domains, sensors, Boundary::kPsys), Names{"perf-rapl:psys"});
}

TEST(PowerDomains, MirroredDiesCountOnceRealOnesEach) {
  const std::vector<SensorInfo> sensors = {zone("package-0-die-0"), zone("package-0-die-1"),
                                           zone("package-1-die-0"), zone("package-1-die-1")};
  const auto readings = in_turn({{0, 5000}, {1, 5000}, {2, 90000}, {3, 777000}}, 3);
  const auto domains = power_domains(sensors, readings);
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage),
            (Names{"powercap-rapl:package-0-die-0", "powercap-rapl:package-1-die-0",
                   "powercap-rapl:package-1-die-1"}));
  EXPECT_NE(reason(domains, sensors, "package-0-die-1").find("lock step"), std::string::npos);
}

TEST(PowerDomains, TheWholePackageByOneDriverGoesBeforeItsDiesByAnother) {
  // powercap of a kernel that shows AMD's one register on every die, before anything was read.
  const std::vector<SensorInfo> sensors = {zone("package-0-die-0"), zone("package-0-die-1"),
                                           event("package-0")};
  const auto domains = power_domains(sensors, {});
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage), Names{"perf-rapl:package-0"});
}

TEST(PowerDomains, ADriverThatMissesADieGoesBehindOneThatHasAll) {
  const std::vector<SensorInfo> sensors = {event("package-0-die-0"), zone("package-0-die-0"),
                                           zone("package-0-die-1")};
  EXPECT_EQ(total(power_domains(sensors, {}), sensors, Boundary::kPackage),
            (Names{"powercap-rapl:package-0-die-0", "powercap-rapl:package-0-die-1"}));
}

TEST(PowerDomains, PartsWithoutTheirWholeAreNoTotal) {
  const std::vector<SensorInfo> sensors = {zone("package-0/core"), zone("package-0/dram")};
  const auto domains = power_domains(sensors, {});
  expect_whole(domains, sensors.size());
  EXPECT_TRUE(domains.totals.empty());
  EXPECT_NE(reason(domains, sensors, "package-0/core").find("no total"), std::string::npos);
  EXPECT_NE(reason(domains, sensors, "package-0/dram").find("memory"), std::string::npos);
}

TEST(PowerDomains, SocketsOfAmdEnergyAreThePackages) {
  const std::string chip = "amd_energy-amd_energy.0/";
  const std::vector<SensorInfo> sensors = {
      counter("hwmon-energy", chip + "Esocket0", Boundary::kPackage),
      counter("hwmon-energy", chip + "Esocket1", Boundary::kPackage),
      counter("hwmon-energy", chip + "Ecore0", Boundary::kPackage, chip + "Esocket0"),
      zone("package-0")};
  const auto domains = power_domains(sensors, {});
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage),
            (Names{"powercap-rapl:package-0", "hwmon-energy:" + chip + "Esocket1"}));
}

TEST(PowerDomains, AMeterOfThePackageCountsOnlyWithoutTheProcessorsOwn) {
  std::vector<SensorInfo> sensors = {
      gauge("hwmon-power", "amdgpu-0000:04:00.0/PPT", Boundary::kPackage)};
  EXPECT_EQ(total(power_domains(sensors, {}), sensors, Boundary::kPackage).size(), 1U);
  sensors.push_back(event("package-0"));
  EXPECT_EQ(total(power_domains(sensors, {}), sensors, Boundary::kPackage),
            Names{"perf-rapl:package-0"});
}

TEST(PowerDomains, AcceleratorsCountEachAndOnceEach) {
  const std::vector<SensorInfo> sensors = {
      gauge("hwmon-power", "xe-0000:03:00.0/card", Boundary::kAccelerator),
      counter("hwmon-energy", "xe-0000:03:00.0/card", Boundary::kAccelerator),
      gauge("hwmon-power", "amdgpu-0000:05:00.0/PPT", Boundary::kAccelerator),
      gauge("hwmon-power", "amdgpu-0000:06:00.0/PPT", Boundary::kAccelerator)};
  const auto domains = power_domains(sensors, {});
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kAccelerator),
            (Names{"hwmon-energy:xe-0000:03:00.0/card", "hwmon-power:amdgpu-0000:05:00.0/PPT",
                   "hwmon-power:amdgpu-0000:06:00.0/PPT"}));
}

TEST(PowerDomains, AnAcceleratorsPowerIsWithinItsEnergyAndBoardsOfOneNameAreTwo) {
  std::vector<SensorInfo> sensors = {gauge("nvml", "GPU-1/power", Boundary::kAccelerator),
                                     counter("nvml", "GPU-1", Boundary::kAccelerator),
                                     gauge("nvml", "GPU-2/power", Boundary::kAccelerator)};
  for (SensorInfo& sensor : sensors) sensor.domain = "NVIDIA A2";
  sensors[0].within = "GPU-1";
  EXPECT_EQ(total(power_domains(sensors, {}), sensors, Boundary::kAccelerator),
            (Names{"nvml:GPU-1", "nvml:GPU-2/power"}));
}

TEST(PowerDomains, MetersOfABoardAreTotalsOfTheirOwnByOneDriver) {
  const std::vector<SensorInfo> sensors = {
      gauge("ina219", "left", Boundary::kBoardInput),
      gauge("ina219", "right", Boundary::kBoardInput),
      gauge("battery", "BAT0", Boundary::kBoardInput),
      gauge("csv", "plug", Boundary::kWall),
      zone("package-0"),
      gauge("hwmon-vi", "ina3221-1-0040/CORE", Boundary::kRail)};
  const auto domains = power_domains(sensors, {});
  expect_whole(domains, sensors.size());
  EXPECT_EQ(total(domains, sensors, Boundary::kBoardInput), (Names{"ina219:left", "ina219:right"}));
  EXPECT_EQ(total(domains, sensors, Boundary::kWall), Names{"csv:plug"});
  EXPECT_EQ(total(domains, sensors, Boundary::kPackage), Names{"powercap-rapl:package-0"});
  EXPECT_EQ(reason(domains, sensors, "BAT0"), "measures the same as left of ina219");
  EXPECT_NE(reason(domains, sensors, "ina3221-1-0040/CORE").find("one rail"), std::string::npos);
}

TEST(PowerDomains, NothingIsNothing) {
  EXPECT_TRUE(power_domains({}, {}).totals.empty());
  EXPECT_TRUE(power_domains({}, {}).left_out.empty());
}

}  // namespace
}  // namespace edgetran::profile
