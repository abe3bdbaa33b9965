#include "profile/sensors/find_sensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::SysfsTree;

TEST(FindSensors, DeclaredOnesComeBeforeTheMachinesOwn) {
  const SysfsTree tree;
  tree.write("/sys/class/hwmon/hwmon0/name", "nouveau");
  tree.write("/sys/class/hwmon/hwmon0/power1_input", "1500000");
  const FoundSensors found =
      find_sensors(tree.host(), {"{driver: synthetic, kind: gauge, boundary: wall}",
                                 "{driver: synthetic, kind: gauge, base_w: 5}"});
  ASSERT_THAT(found.problems, SizeIs(1));  // the first has a key that nobody knows
  EXPECT_EQ(found.problems[0].driver, "declared");
  EXPECT_THAT(found.problems[0].message, HasSubstr("boundary"));
  ASSERT_THAT(found.sensors, SizeIs(2));
  EXPECT_EQ(found.sensors[0]->info().driver, "synthetic");
  EXPECT_EQ(found.sensors[1]->info().driver, "hwmon-power");
}

TEST(FindSensors, AWrongValueIsToldAtItsKey) {
  const SysfsTree tree;
  const auto message = [&](const char* changed) {
    const auto found = find_sensors(
        tree.host(), {std::string("{driver: ina219, bus: 1, ") + changed + ", shunt_ohm: 0.1}"});
    return found.problems.empty() ? std::string() : found.problems[0].message;
  };
  EXPECT_THAT(message("address: 500"), HasSubstr("from 64 to 79, not 500"));
  EXPECT_THAT(message("address: abc"), HasSubstr("abc"));
  EXPECT_THAT(message("shunt_tolerance: 5"), HasSubstr("0.5"));
  EXPECT_THAT(message("max_current_a: -1"), HasSubstr("max_current_a is -1"));
  EXPECT_THAT(message("max_curent_a: 1"), HasSubstr("max_curent_a"));
}

}  // namespace
}  // namespace edgetran::profile::sensors
