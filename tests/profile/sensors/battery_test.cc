#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/sensors/drivers.h"
#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::SysfsTree;

constexpr const char* kFolder = "/sys/class/power_supply/";

void write_battery(const SysfsTree& tree, const std::string& name, std::string_view status,
                   int64_t uv, int64_t ua) {
  const std::string folder = kFolder + name + "/";
  tree.write(folder + "type", "Battery");
  tree.write(folder + "present", "1");
  tree.write(folder + "status", status);
  tree.write(folder + "voltage_now", std::to_string(uv));
  tree.write(folder + "current_now", std::to_string(ua));
}

void write_mains(const SysfsTree& tree, std::string_view online) {
  tree.write(std::string(kFolder) + "AC/type", "Mains");
  tree.write(std::string(kFolder) + "AC/online", online);
}

base::Result<Reading> read(const SysfsTree& tree) {
  const FoundSensors found = kBattery.find(tree.host());
  if (found.sensors.empty()) {
    return base::fail(ErrorCategory::kNotFound,
                      found.problems.empty() ? "absent" : found.problems[0].message);
  }
  return found.sensors[0]->read();
}

TEST(Battery, VoltsTimesAmperesWhileItDischarges) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 11'400'000, 850'000);
  write_mains(tree, "0");
  const FoundSensors found = kBattery.find(tree.host());
  ASSERT_THAT(found.sensors, SizeIs(1));
  EXPECT_EQ(found.sensors[0]->info().channel, "batteries");
  EXPECT_EQ(found.sensors[0]->info().domain, "BAT0");
  EXPECT_EQ(found.sensors[0]->info().boundary, Boundary::kBoardInput);
  EXPECT_NEAR(found.sensors[0]->read()->watts, 11.4 * 0.85, 1e-12);
}

TEST(Battery, TheSignOfTheCurrentIsTheDriversHabit) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 3'700'000, -500'000);
  EXPECT_NEAR(read(tree)->watts, 1.85, 1e-12);
}

TEST(Battery, PowerAloneIsReadInMicrowatts) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 11'400'000, 0);
  tree.remove(std::string(kFolder) + "BAT0/current_now");
  tree.write(std::string(kFolder) + "BAT0/power_now", "9690000");
  EXPECT_NEAR(read(tree)->watts, 9.69, 1e-12);
}

TEST(Battery, TwoBatteriesAreOneSupply) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 12'000'000, 500'000);
  write_battery(tree, "BAT1", "Not charging", 11'000'000, 0);
  EXPECT_NEAR(read(tree)->watts, 6.0, 1e-12);
  write_battery(tree, "BAT1", "Discharging", 11'000'000, -100'000);
  EXPECT_NEAR(read(tree)->watts, 7.1, 1e-12);
}

TEST(Battery, OtherStatesAreProblemsThatSayWhatToDo) {
  for (const char* status : {"Charging", "Full", "Not charging", "Unknown"}) {
    const SysfsTree tree;
    write_battery(tree, "BAT0", status, 12'000'000, 500'000);
    const FoundSensors found = kBattery.find(tree.host());
    EXPECT_THAT(found.sensors, IsEmpty()) << status;
    ASSERT_THAT(found.problems, SizeIs(1)) << status;
    EXPECT_EQ(found.problems[0].category, ErrorCategory::kDevice);
    EXPECT_EQ(found.problems[0].fix, "unplug the power adaptor while measuring");
  }
}

TEST(Battery, PluggingTheAdaptorInEndsTheMeasurement) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 12'000'000, 500'000);
  write_mains(tree, "0");
  const FoundSensors found = kBattery.find(tree.host());
  ASSERT_THAT(found.sensors, SizeIs(1));
  // A machine that takes from both at once still says "Discharging".
  write_mains(tree, "1");
  EXPECT_THAT(found.sensors[0]->read().error().message, HasSubstr("AC supplies the machine"));
  write_mains(tree, "0");
  tree.write(std::string(kFolder) + "BAT0/status", "Charging");
  EXPECT_THAT(found.sensors[0]->read().error().message, HasSubstr("BAT0 is charging"));
  tree.write(std::string(kFolder) + "BAT0/status", "Full");
  tree.write(std::string(kFolder) + "BAT0/current_now", "0");
  EXPECT_THAT(found.sensors[0]->read().error().message, HasSubstr("no battery is discharging"));
}

TEST(Battery, ChargersOfAnyKindSupplyTheMachineAsWell) {
  for (const char* type : {"Mains", "USB", "Wireless", "UPS"}) {
    const SysfsTree tree;
    write_battery(tree, "BAT0", "Discharging", 12'000'000, 500'000);
    const std::string port = std::string(kFolder) + "ucsi-source-psy-1/";
    tree.write(port + "type", type);
    tree.write(port + "online", "0");
    const FoundSensors found = kBattery.find(tree.host());
    ASSERT_THAT(found.sensors, SizeIs(1)) << type;
    EXPECT_NEAR(found.sensors[0]->read()->watts, 6, 1e-12);
    for (const char* online : {"1", "2"}) {  // 2: a programmable supply
      tree.write(port + "online", online);
      const auto reading = found.sensors[0]->read();
      ASSERT_FALSE(reading) << type;
      EXPECT_THAT(reading.error().message, HasSubstr("ucsi-source-psy-1 supplies the machine"));
    }
    tree.write(port + "scope", "Device");  // the charger of a mouse
    EXPECT_TRUE(read(tree)) << type;
  }
}

TEST(Battery, DischargingByNothingIsNoMeasurement) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 12'000'000, 0);
  write_battery(tree, "BAT1", "Not charging", 12'000'000, 0);
  const FoundSensors found = kBattery.find(tree.host());
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].category, ErrorCategory::kDevice);
  EXPECT_THAT(found.problems[0].message, HasSubstr("discharging by 0 W (BAT0"));
  EXPECT_THAT(found.problems[0].fix, HasSubstr("after a minute"));
}

TEST(Battery, BatteriesOfMiceAndEmptyBaysAreAbsent) {
  const SysfsTree tree;
  write_battery(tree, "hidpp_battery_0", "Discharging", 3'900'000, 1);
  tree.write(std::string(kFolder) + "hidpp_battery_0/scope", "Device");
  write_battery(tree, "BAT1", "Unknown", 0, 0);
  tree.write(std::string(kFolder) + "BAT1/present", "0");
  write_mains(tree, "1");
  const FoundSensors found = kBattery.find(tree.host());
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.problems, IsEmpty());
}

TEST(Battery, OneThatTellsNoPowerIsAProblem) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 12'000'000, 0);
  tree.remove(std::string(kFolder) + "BAT0/current_now");
  const FoundSensors found = kBattery.find(tree.host());
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].fix, "this battery does not tell its power");
}

TEST(Battery, AValueThatIsNoNumberIsAnErrorAndNeverZero) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 12'000'000, 500'000);
  const FoundSensors found = kBattery.find(tree.host());
  tree.write(std::string(kFolder) + "BAT0/current_now", "");
  EXPECT_EQ(found.sensors[0]->read().error().category, ErrorCategory::kDevice);
  tree.write(std::string(kFolder) + "BAT0/current_now", "0");
  tree.write(std::string(kFolder) + "BAT0/status", "");
  EXPECT_THAT(found.sensors[0]->read().error().message, HasSubstr("status says \"\""));
}

TEST(Battery, PermissionIsSaid) {
  const SysfsTree tree;
  write_battery(tree, "BAT0", "Discharging", 12'000'000, 500'000);
  tree.refuse(std::string(kFolder) + "BAT0/current_now", EACCES);
  const FoundSensors found = kBattery.find(tree.host());
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].category, ErrorCategory::kPermission);
}

}  // namespace
}  // namespace edgetran::profile::sensors
