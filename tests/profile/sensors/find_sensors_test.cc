#include "profile/sensors/find_sensors.h"

#include <gtest/gtest.h>

#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using testing::SysfsTree;

TEST(FindSensors, ADeclaredOneGoesBeforeWhatIsFound) {
  const SysfsTree tree;
  const std::string battery = "/sys/class/power_supply/BAT0/";
  tree.write(battery + "type", "Battery");
  tree.write(battery + "status", "Discharging");
  tree.write(battery + "power_now", "9690000");
  const FoundSensors found = find_sensors(tree.host(), {"{driver: synthetic, base_w: 3}"});
  ASSERT_EQ(found.sensors.size(), 2U);
  EXPECT_EQ(found.sensors[0]->info().driver, "synthetic");
  EXPECT_EQ(found.sensors[1]->info().driver, "battery");
}

TEST(FindSensors, SyntheticOnesOfOtherSettingsDifferInWhatTheySayOfThemselves) {
  const SysfsTree tree;
  const FoundSensors found = find_sensors(
      tree.host(), {"{driver: synthetic, update_s: 0.1}", "{driver: synthetic, update_s: 0.2}"});
  ASSERT_EQ(found.sensors.size(), 2U);
  EXPECT_NE(found.sensors[0]->info().source, found.sensors[1]->info().source);
}

}  // namespace
}  // namespace edgetran::profile::sensors
