#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "profile/sensors/driver.h"
#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using testing::SysfsTree;

TEST(SensorDrivers, NamesAreUniqueAndEachIsFoundOrDeclared) {
  std::set<std::string_view> names;
  for (const SensorDriver& driver : sensor_drivers()) {
    EXPECT_TRUE(names.insert(driver.name).second) << driver.name;
    EXPECT_FALSE(driver.text.empty());
    EXPECT_TRUE(driver.find != nullptr || driver.make != nullptr) << driver.name;
  }
  for (const char* name : {"jetson-hwmon", "jetson-iio", "rpi5-pmic", "ina219", "nvml", "battery"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(SensorDrivers, AnEmptyMachineHasNeitherSensorsNorProblems) {
  const SysfsTree tree;
  for (const SensorDriver& driver : sensor_drivers()) {
    if (driver.find == nullptr) continue;
    const FoundSensors found = driver.find(tree.host());
    EXPECT_TRUE(found.sensors.empty()) << driver.name;
    EXPECT_TRUE(found.problems.empty()) << driver.name;
  }
}

}  // namespace
}  // namespace edgetran::profile::sensors
