// One chip, two drivers: each rail of an INA3221 is found once, by the one that knows the board.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "profile/sensors/jetson_hwmon.h"
#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SysfsTree;

/// Tells the name of the board and of its chip as the root of the device tree does.
void name_board(const SysfsTree& tree, const std::string& board, const std::string& chip) {
  tree.write_bytes("/proc/device-tree/compatible", board + '\0' + chip + '\0');
}

/// A chip as one kernel shows it in both places: in its class and below its driver.
void add_chip(const SysfsTree& tree, int number, const std::string& address,
              const std::vector<std::string>& labels) {
  const std::string device = "/sys/devices/platform/c240000.i2c/i2c-1/" + address;
  const std::string entry = "hwmon" + std::to_string(number);
  const std::string folder = device + "/hwmon/" + entry;
  tree.write(folder + "/name", "ina3221");
  tree.link(folder + "/device", device);
  tree.link("/sys/class/hwmon/" + entry, folder);
  tree.link("/sys/bus/i2c/drivers/ina3221/" + address, device);
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string n = std::to_string(i + 1);
    if (!labels[i].empty()) tree.write(folder + "/in" + n + "_label", labels[i]);
    tree.write(folder + "/in" + n + "_input", "5000");
    tree.write(folder + "/curr" + n + "_input", std::to_string(100 * number + 1 + i));
  }
}

/// Sensors of single rails that show the current of each rail, by driver: what all drivers of the
/// registry find. The current is in milliamperes at 5 V and differs from rail to rail.
std::map<int64_t, std::vector<std::string>> finders_by_current(const SysfsTree& tree) {
  std::map<int64_t, std::vector<std::string>> finders;
  for (const SensorDriver& driver : sensor_drivers()) {
    if (driver.find == nullptr) continue;
    const FoundSensors found = driver.find(tree.plain_host());
    EXPECT_THAT(found.problems, IsEmpty()) << driver.name;
    for (const auto& sensor : found.sensors) {
      if (sensor->info().channel == "sum") continue;
      finders[std::lround(sensor->read().value().watts / 5e-3)].emplace_back(driver.name);
    }
  }
  return finders;
}

using Finders = std::map<int64_t, std::vector<std::string>>;

const std::vector<std::string> kJetson = {"jetson-hwmon"};
const std::vector<std::string> kPlain = {"hwmon-vi"};

TEST(Ina3221, EachRailOfAJetsonIsFoundOnce) {
  const SysfsTree tree;
  name_board(tree, "nvidia,p3737-0000+p3701-0000", "nvidia,tegra234");
  add_chip(tree, 3, "1-0040", {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"});
  add_chip(tree, 4, "1-0041", {"NC", "VDDQ_VDD2_1V8AO", "NC"});
  EXPECT_EQ(finders_by_current(tree),
            (Finders{{301, kJetson}, {302, kJetson}, {303, kJetson}, {402, kJetson}}));
  EXPECT_THAT(jetson_hwmon_chips(tree.plain_host()), ElementsAre("1-0040", "1-0041"));
}

TEST(Ina3221, AChipThatItsUserAddedToAJetsonIsAPlainOne) {
  const SysfsTree tree;
  name_board(tree, "nvidia,p3768-0000+p3767-0005", "nvidia,tegra234");
  add_chip(tree, 1, "1-0040", {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"});
  add_chip(tree, 2, "7-0041", {"", ""});
  EXPECT_EQ(
      finders_by_current(tree),
      (Finders{{101, kJetson}, {102, kJetson}, {103, kJetson}, {201, kPlain}, {202, kPlain}}));
}

TEST(Ina3221, OnAnotherBoardItIsPlainWhateverItsLabels) {
  const SysfsTree tree;
  name_board(tree, "raspberrypi,4-model-b", "brcm,bcm2711");
  add_chip(tree, 1, "1-0040", {"VDD_IN", "CPU", ""});
  EXPECT_EQ(finders_by_current(tree), (Finders{{101, kPlain}, {102, kPlain}, {103, kPlain}}));
}

TEST(Ina3221, WhereTheDeviceTreeIsHiddenTheRailsOfAModuleTell) {
  const std::vector<std::vector<std::string>> modules = {
      {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"},
      {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"},
  };
  for (const auto& labels : modules) {
    const SysfsTree tree;
    add_chip(tree, 1, "1-0040", labels);
    EXPECT_EQ(finders_by_current(tree), (Finders{{101, kJetson}, {102, kJetson}, {103, kJetson}}));
  }
  const SysfsTree tree;  // no whole module: nothing says what these rails are
  add_chip(tree, 1, "1-0040", {"GPU", "CPU", "SOC"});
  EXPECT_EQ(finders_by_current(tree), (Finders{{101, kPlain}, {102, kPlain}, {103, kPlain}}));
}

}  // namespace
}  // namespace edgetran::profile::sensors
