#include <gtest/gtest.h>

#include "profile/sensors/powercap_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using testing::add_zone;
using testing::channels_of;
using testing::sensor_of;
using testing::SysfsTree;

FoundSensors find(SysfsTree& tree) { return testing::driver("powercap-rapl").find(tree.host()); }

const std::string kEnergyOf0 = "/sys/class/powercap/intel-rapl:0/energy_uj";

/// A laptop with psys, and the package once more through memory-mapped registers.
void add_laptop(SysfsTree& tree) {
  tree.write("/sys/devices/virtual/powercap/intel-rapl/enabled", "1");
  tree.link("/sys/class/powercap/intel-rapl", "../../devices/virtual/powercap/intel-rapl");
  add_zone(tree, "intel-rapl:0", "package-0", "1000001");
  add_zone(tree, "intel-rapl:0:0", "core", "2000002");
  add_zone(tree, "intel-rapl:0:1", "uncore", "3000003");
  add_zone(tree, "intel-rapl:0:2", "dram", "4000004", "65712999613");
  add_zone(tree, "intel-rapl:1", "psys", "5000005");
  add_zone(tree, "intel-rapl-mmio:0", "package-0", "6000006");
}

TEST(PowercapRapl, DomainsBoundariesUnitsAndRanges) {
  SysfsTree tree;
  add_laptop(tree);
  const auto found = find(tree);
  EXPECT_TRUE(found.problems.empty());
  EXPECT_EQ(channels_of(found),
            (std::set<std::string>{"package-0", "package-0/core", "package-0/uncore",
                                   "package-0/dram", "psys", "mmio/package-0"}));
  const SensorInfo& core = sensor_of(found, "package-0/core").info();
  EXPECT_EQ(core.domain, "core");
  EXPECT_EQ(core.within, "package-0");
  EXPECT_EQ(core.boundary, Boundary::kPackage);
  const SensorInfo& dram = sensor_of(found, "package-0/dram").info();
  EXPECT_EQ(dram.within, "");  // beside its package, although the tree hangs it below
  EXPECT_EQ(dram.boundary, Boundary::kPackage);
  EXPECT_EQ(dram.range_ticks, 65712999614U);
  const SensorInfo& psys = sensor_of(found, "psys").info();
  EXPECT_EQ(psys.boundary, Boundary::kPsys);
  EXPECT_EQ(psys.within, "");
  EXPECT_EQ(psys.joules_per_tick, 1e-6);
  EXPECT_EQ(psys.kind, SensorKind::kCounter);
  EXPECT_EQ(sensor_of(found, "psys").read().value().ticks, 5000005U);
  // The thermal design power is passed in turbo: it is no rating.
  EXPECT_FALSE(psys.rating_w.has_value());
}

TEST(PowercapRapl, TheLargestValueOfTheCounterIsLegal) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "262143328850");
  const auto found = find(tree);
  Sensor& sensor = sensor_of(found, "package-0");
  EXPECT_EQ(sensor.info().range_ticks, 262143328851U);
  EXPECT_EQ(sensor.read().value().ticks, 262143328850U);
  tree.write(kEnergyOf0, "0");  // the value after it
  EXPECT_EQ(sensor.read().value().ticks, 0U);
}

TEST(PowercapRapl, AZoneWhosePowerLimitIsOffCountsAllTheSame) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "1");  // add_zone writes enabled = 0
  EXPECT_EQ(channels_of(find(tree)), std::set<std::string>{"package-0"});
}

TEST(PowercapRapl, RefusalIsAProblemWithAFixThatLoosensNoMode) {
  SysfsTree tree;
  add_laptop(tree);
  tree.write("/sys/bus/event_source/devices/power/type", "9");
  tree.refuse(kEnergyOf0, EACCES);
  const auto found = find(tree);
  EXPECT_EQ(found.sensors.size(), 5U);
  ASSERT_EQ(found.problems.size(), 1U);
  const SensorProblem& problem = found.problems[0];
  EXPECT_EQ(problem.category, ErrorCategory::kPermission);
  EXPECT_EQ(problem.driver, "powercap-rapl");
  EXPECT_EQ(problem.source, kEnergyOf0);
  EXPECT_NE(problem.fix.find("cap_perfmon"), std::string::npos);
  EXPECT_NE(problem.fix.find("edgetran-sensord"), std::string::npos);
  EXPECT_EQ(problem.fix.find("chmod"), std::string::npos);
  EXPECT_EQ(problem.fix.find('\n'), std::string::npos);
}

TEST(PowercapRapl, RefusedWhenReadAndNotWhenOpenedIsTheSameProblem) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "1");
  // The reads before: the name, the range. The kernel in lockdown answers EPERM to the third.
  SensorHost host = tree.host();
  int reads = 0;
  host.pread = [&reads](int descriptor, void* buffer, size_t size) -> ssize_t {
    if (++reads < 3) return ::pread(descriptor, buffer, size, 0);
    errno = EPERM;
    return -1;
  };
  const auto found = testing::driver("powercap-rapl").find(host);
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_EQ(found.problems[0].category, ErrorCategory::kPermission);
  EXPECT_FALSE(found.problems[0].fix.empty());
}

TEST(PowercapRapl, WhatIsMissingAndWhatIsBroken) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "");           // no energy: shows power only
  add_zone(tree, "intel-rapl:1", "package-1", "5", "");      // no range
  add_zone(tree, "intel-rapl:2", "package-2", "5", "0");     // a range of nothing
  add_zone(tree, "intel-rapl:3", "package-3", "N/A");        // not a number
  add_zone(tree, "intel-rapl:4", "", "5");                   // no name
  add_zone(tree, "intel-rapl:5", "package-5", "5", "many");  // a range that is no number
  tree.write("/sys/class/powercap/dtpm:0/energy_uj", "5");   // of another control type
  const auto found = find(tree);
  EXPECT_TRUE(found.sensors.empty());
  ASSERT_EQ(found.problems.size(), 5U);
  for (const SensorProblem& problem : found.problems) {
    EXPECT_EQ(problem.category, ErrorCategory::kDevice) << problem.message;
    EXPECT_EQ(problem.message.find("intel-rapl:0/"), std::string::npos);
  }
}

TEST(PowercapRapl, AProblemSaysWhichZoneIsMissing) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "5");
  add_zone(tree, "intel-rapl:1", "package-1", "5", "0");
  add_zone(tree, "intel-rapl:2", "package-0", "5");
  add_zone(tree, "intel-rapl:3", "", "5");
  const auto found = find(tree);
  ASSERT_EQ(found.problems.size(), 3U);
  ASSERT_EQ(found.problems[0].missing.size(), 1U);
  EXPECT_EQ(found.problems[0].missing[0].channel, "package-1");
  EXPECT_EQ(found.problems[0].missing[0].boundary, Boundary::kPackage);
  ASSERT_EQ(found.problems[1].missing.size(), 1U);
  EXPECT_EQ(found.problems[1].missing[0].channel, "package-0");
  ASSERT_EQ(found.problems[2].missing.size(), 2U);  // a zone without a name: package or psys
  EXPECT_EQ(found.problems[2].missing[0].channel, "");
  EXPECT_EQ(found.problems[2].missing[0].driver, "powercap-rapl");
}

TEST(PowercapRapl, NothingThereIsNoProblem) {
  SysfsTree tree;
  const auto found = find(tree);
  EXPECT_TRUE(found.sensors.empty());
  EXPECT_TRUE(found.problems.empty());
}

TEST(PowercapRapl, OtherZoneNumbersAfterABootGiveTheSameChannels) {
  SysfsTree before;
  add_zone(before, "intel-rapl:0", "package-0", "1");
  add_zone(before, "intel-rapl:0:0", "core", "2");
  add_zone(before, "intel-rapl:1", "psys", "3");
  add_zone(before, "intel-rapl:2", "package-1", "4");
  SysfsTree after;
  add_zone(after, "intel-rapl:0", "psys", "3");
  add_zone(after, "intel-rapl:1", "package-1", "4");
  add_zone(after, "intel-rapl:a", "package-0", "1");  // zone numbers are hexadecimal
  add_zone(after, "intel-rapl:a:0", "core", "2");
  const auto first = find(before);
  const auto second = find(after);
  EXPECT_EQ(channels_of(first), channels_of(second));
  for (const std::string& channel : channels_of(first)) {
    EXPECT_EQ(sensor_of(first, channel).read().value().ticks,
              sensor_of(second, channel).read().value().ticks);
  }
}

TEST(PowercapRapl, OfTwoZonesWithOneNameTheSecondIsAProblem) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "1");
  add_zone(tree, "intel-rapl:1", "package-0", "2");
  const auto found = find(tree);
  EXPECT_EQ(found.sensors.size(), 1U);
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_NE(found.problems[0].message.find("package-0"), std::string::npos);
}

TEST(PowercapRapl, AZoneThatDisappearsBetweenReadingsIsAnErrorNeverAZero) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "1");
  const auto found = find(tree);
  tree.fail_reads({ENODEV});
  const auto reading = sensor_of(found, "package-0").read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().category, ErrorCategory::kDevice);
}

TEST(PowercapRapl, BusyIsTriedAgain) {
  SysfsTree tree;
  add_zone(tree, "intel-rapl:0", "package-0", "17");
  const auto found = find(tree);
  tree.fail_reads({EAGAIN, EAGAIN});
  EXPECT_EQ(sensor_of(found, "package-0").read().value().ticks, 17U);
}

}  // namespace
}  // namespace edgetran::profile::sensors
