#include <gtest/gtest.h>

#include <cmath>

#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using testing::channels_of;
using testing::sensor_of;
using testing::SysfsTree;

/// A chip as the kernel lays it out: its folder below its device's, with the link back, and a link
/// in the class. Returns the folder as the drivers see it. `device` is relative to /sys/devices.
std::string add_chip(SysfsTree& tree, int number, const std::string& name,
                     const std::string& device) {
  const std::string entry = "hwmon" + std::to_string(number);
  const std::string home = "/sys/devices/" + device + "/hwmon/" + entry;
  tree.write(home + "/name", name);
  tree.link(home + "/device", "../../../" + device.substr(device.rfind('/') + 1));
  tree.link("/sys/class/hwmon/" + entry, "../../devices/" + device + "/hwmon/" + entry);
  return "/sys/class/hwmon/" + entry + "/";
}

/// A chip without a device behind it, such as a thermal zone's.
std::string add_virtual_chip(SysfsTree& tree, int number, const std::string& name) {
  const std::string entry = "hwmon" + std::to_string(number);
  tree.write("/sys/devices/virtual/hwmon/" + entry + "/name", name);
  tree.link("/sys/class/hwmon/" + entry, "../../devices/virtual/hwmon/" + entry);
  return "/sys/class/hwmon/" + entry + "/";
}

FoundSensors find(SysfsTree& tree, const char* name) {
  return testing::driver(name).find(tree.host());
}

/// One channel of an INA3221 as its driver shows it: no label at the current, no power.
void add_rail(SysfsTree& tree, const std::string& chip, int number, const std::string& label,
              const std::string& millivolts, const std::string& milliamperes) {
  const std::string n = std::to_string(number);
  tree.write(chip + "in" + n + "_input", millivolts);
  tree.write(chip + "in" + n + "_enable", "1");
  if (!label.empty()) tree.write(chip + "in" + n + "_label", label);
  tree.write(chip + "curr" + n + "_input", milliamperes);
  tree.write(chip + "curr" + n + "_max", "32760");
}

const std::string kBus = "platform/3160000.i2c/i2c-1/";

TEST(HwmonPower, OfApplesControllerTheSystemsPowerIsTheBoards) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 4, "macsmc_hwmon", "platform/soc/23e400000.smc");
  const auto add = [&](const std::string& n, const char* label) {
    tree.write(chip + "power" + n + "_input", "6500000");
    tree.write(chip + "power" + n + "_label", label);
  };
  add("1", "Total System Power");
  add("2", "AC Input Power");
  add("3", "3.8 V Rail Power");
  const auto found = find(tree, "hwmon-power");
  const std::string identity = "macsmc_hwmon-23e400000.smc/";
  EXPECT_EQ(sensor_of(found, identity + "Total System Power").info().boundary,
            Boundary::kBoardInput);
  EXPECT_EQ(sensor_of(found, identity + "AC Input Power").info().boundary, Boundary::kRail);
  EXPECT_EQ(sensor_of(found, identity + "3.8 V Rail Power").info().boundary, Boundary::kRail);
}

TEST(HwmonVi, VoltageTimesCurrentOfAnIna3221) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 3, "ina3221", kBus + "1-0040");
  add_rail(tree, chip, 1, "VDD_IN", "19000", "1500");
  add_rail(tree, chip, 2, "VDD_CPU", "5000", "200");
  add_rail(tree, chip, 3, "", "5000", "0");
  tree.write(chip + "in4_input", "120");  // the shunt's voltage, in microvolts
  tree.write(chip + "in7_input", "240");
  tree.write(chip + "in7_label", "sum of shunt voltages");
  tree.write(chip + "curr4_input", "1700");
  tree.write(chip + "update_interval", "7");
  const auto found = find(tree, "hwmon-vi");
  EXPECT_TRUE(found.problems.empty());
  EXPECT_EQ(channels_of(found),
            (std::set<std::string>{"ina3221-1-0040/VDD_IN", "ina3221-1-0040/VDD_CPU",
                                   "ina3221-1-0040/in3"}));
  Sensor& input = sensor_of(found, "ina3221-1-0040/VDD_IN");
  EXPECT_DOUBLE_EQ(input.read().value().watts, 28.5);
  EXPECT_EQ(input.info().domain, "VDD_IN");
  EXPECT_EQ(input.info().boundary, Boundary::kRail);
  EXPECT_EQ(input.info().kind, SensorKind::kGauge);
  EXPECT_DOUBLE_EQ(input.info().averaging_s, 0.007);
  EXPECT_FALSE(input.info().rating_w.has_value());  // curr1_max only rings a bell
  EXPECT_EQ(sensor_of(found, "ina3221-1-0040/in3").read().value().watts, 0);
}

TEST(HwmonVi, OtherChipsArePairedByLabelOnly) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 0, "board", "platform/board.0");
  tree.write(chip + "in0_input", "12000");
  tree.write(chip + "in0_label", "fan");
  tree.write(chip + "in1_input", "3300");
  tree.write(chip + "in1_label", "core");
  tree.write(chip + "in2_input", "900");
  tree.write(chip + "curr1_input", "2000");
  tree.write(chip + "curr1_label", "fan");
  tree.write(chip + "curr2_input", "7000");  // nothing says that it belongs to in2
  tree.write(chip + "in0_rated_max", "13000");
  tree.write(chip + "curr1_rated_max", "4000");
  const auto found = find(tree, "hwmon-vi");
  EXPECT_EQ(channels_of(found), std::set<std::string>{"board-board.0/fan"});
  EXPECT_DOUBLE_EQ(sensor_of(found, "board-board.0/fan").read().value().watts, 24);
  EXPECT_DOUBLE_EQ(sensor_of(found, "board-board.0/fan").info().rating_w.value(), 52);
}

TEST(HwmonVi, LabelsThatSeveralChannelsSharePairNothing) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 0, "board", "platform/board.0");
  for (const char* n : {"1", "2"}) {
    tree.write(chip + "in" + n + "_input", "1000");
    tree.write(chip + "in" + n + "_label", "NC");
    tree.write(chip + "curr" + n + "_input", "1000");
    tree.write(chip + "curr" + n + "_label", "NC");
  }
  EXPECT_TRUE(find(tree, "hwmon-vi").sensors.empty());
}

TEST(HwmonVi, ChannelsSwitchedOffAndChipsWithPowerAreSkipped) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 0, "ina3221", kBus + "1-0040");
  add_rail(tree, chip, 1, "A", "5000", "100");
  add_rail(tree, chip, 2, "B", "5000", "100");
  add_rail(tree, chip, 3, "C", "5000", "100");
  tree.write(chip + "in1_enable", "0");
  tree.write(chip + "curr2_enable", "0");
  const auto meter = add_chip(tree, 1, "ina226", kBus + "1-0041");
  tree.write(meter + "in1_input", "5000");
  tree.write(meter + "in1_label", "bus");
  tree.write(meter + "curr1_input", "100");
  tree.write(meter + "curr1_label", "bus");
  tree.write(meter + "power1_input", "500000");
  EXPECT_EQ(channels_of(find(tree, "hwmon-vi")), std::set<std::string>{"ina3221-1-0040/C"});
}

TEST(HwmonVi, ASmallNegativeCurrentIsTheShuntsOffsetALargeOneAnError) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 0, "ina3221", kBus + "1-0040");
  add_rail(tree, chip, 1, "A", "5000", "-20");
  const auto found = find(tree, "hwmon-vi");
  Sensor& sensor = sensor_of(found, "ina3221-1-0040/A");
  EXPECT_EQ(sensor.read().value().watts, 0);
  EXPECT_FALSE(std::signbit(sensor.read().value().watts));
  tree.write(chip + "curr1_input", "-21");
  const auto reading = sensor.read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().category, ErrorCategory::kDevice);
  EXPECT_NE(reading.error().message.find("-21 mA"), std::string::npos);
  tree.write(chip + "curr1_input", "100");
  tree.write(chip + "in1_input", "-1");
  EXPECT_FALSE(sensor.read());
}

TEST(HwmonVi, ReadingsThatFailAreErrors) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 0, "ina3221", kBus + "1-0040");
  add_rail(tree, chip, 1, "A", "5000", "100");
  const auto found = find(tree, "hwmon-vi");
  Sensor& sensor = sensor_of(found, "ina3221-1-0040/A");
  tree.fail_reads({EAGAIN, EAGAIN});
  EXPECT_DOUBLE_EQ(sensor.read().value().watts, 0.5);
  tree.fail_reads({ENODEV});
  EXPECT_EQ(sensor.read().error().category, ErrorCategory::kDevice);
  tree.write(chip + "curr1_input", "N/A");
  EXPECT_EQ(sensor.read().error().category, ErrorCategory::kDevice);
}

TEST(Hwmon, EqualChipsKeepTheirChannelsWhateverTheirNumbers) {
  const auto build = [](SysfsTree& tree, int first, int second, int other) {
    const auto a = add_chip(tree, first, "ina3221", kBus + "1-0040");
    add_rail(tree, a, 1, "RAIL", "1000", "1000");
    const auto b = add_chip(tree, second, "ina3221", kBus + "1-0041");
    add_rail(tree, b, 1, "RAIL", "2000", "1000");
    add_virtual_chip(tree, other, "acpitz");
  };
  SysfsTree before;
  build(before, 0, 1, 2);
  SysfsTree after;
  build(after, 11, 4, 0);
  for (SysfsTree* tree : {&before, &after}) {
    const auto found = find(*tree, "hwmon-vi");
    EXPECT_EQ(channels_of(found),
              (std::set<std::string>{"ina3221-1-0040/RAIL", "ina3221-1-0041/RAIL"}));
    EXPECT_DOUBLE_EQ(sensor_of(found, "ina3221-1-0040/RAIL").read().value().watts, 1);
    EXPECT_DOUBLE_EQ(sensor_of(found, "ina3221-1-0041/RAIL").read().value().watts, 2);
    EXPECT_EQ(found.sensors[0]->info().channel, "ina3221-1-0040/RAIL");  // and their order
  }
}

TEST(Hwmon, ChipsWithoutADeviceAreToldApartByTheirLabelOrNotAtAll) {
  SysfsTree tree;
  for (const int number : {0, 1}) {
    const auto chip = add_virtual_chip(tree, number, "meter");
    tree.write(chip + "power1_input", "1000000");
    tree.write(chip + "energy1_input", "1");
    add_virtual_chip(tree, number + 2, "acpitz");  // equal too, but without power
  }
  for (const char* name : {"hwmon-power", "hwmon-energy"}) {
    const auto found = find(tree, name);
    EXPECT_TRUE(found.sensors.empty());
    ASSERT_EQ(found.problems.size(), 2U);
    EXPECT_NE(found.problems[0].message.find("meter"), std::string::npos);
  }
  tree.write("/sys/class/hwmon/hwmon0/label", "left");
  tree.write("/sys/class/hwmon/hwmon1/label", "right");
  EXPECT_EQ(channels_of(find(tree, "hwmon-power")),
            (std::set<std::string>{"meter-left/power1", "meter-right/power1"}));
}

TEST(HwmonPower, InputAverageIntervalAndRatings) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 2, "meter", "platform/meter.0");
  tree.write(chip + "power1_input", "1500000");
  tree.write(chip + "power1_average", "1400000");
  tree.write(chip + "power1_average_interval", "250");
  tree.write(chip + "power1_cap_max", "9000000");
  tree.write(chip + "power2_input", "2500000");
  tree.write(chip + "power2_average", "2400000");  // over a time that nobody knows
  tree.write(chip + "power2_cap_max", "9000000");
  tree.write(chip + "power3_average", "3400000");
  tree.write(chip + "power3_rated_max", "8000000");
  tree.write(chip + "power3_cap_max", "9000000");
  tree.write(chip + "power4_input", "4500000");
  tree.write(chip + "power4_rated_max", "0");
  tree.write(chip + "power5_cap", "1");  // a limit, not a reading
  const auto found = find(tree, "hwmon-power");
  EXPECT_TRUE(found.problems.empty());
  EXPECT_EQ(found.sensors.size(), 4U);
  const auto at = [&found](const char* name) -> Sensor& {
    return sensor_of(found, std::string("meter-meter.0/") + name);
  };
  EXPECT_DOUBLE_EQ(at("power1").read().value().watts, 1.4);
  EXPECT_DOUBLE_EQ(at("power1").info().averaging_s, 0.25);
  EXPECT_DOUBLE_EQ(at("power1").info().rating_w.value(), 9 * 1.25);
  EXPECT_DOUBLE_EQ(at("power2").read().value().watts, 2.5);
  EXPECT_EQ(at("power2").info().averaging_s, 0);
  EXPECT_FALSE(at("power2").info().rating_w.has_value());  // a moment may pass the mean's limit
  EXPECT_DOUBLE_EQ(at("power3").read().value().watts, 3.4);
  EXPECT_DOUBLE_EQ(at("power3").info().rating_w.value(), 8);
  EXPECT_FALSE(at("power4").info().rating_w.has_value());
}

TEST(HwmonPower, WhatTheDriversSayOfTheirBoundaries) {
  SysfsTree tree;
  const auto card = add_chip(tree, 0, "amdgpu", "pci0000:00/0000:03:00.0");
  tree.write(card + "power1_average", "35000000");
  tree.write(card + "power1_label", "PPT");
  const auto apu = add_chip(tree, 1, "amdgpu", "pci0000:00/0000:04:00.0");
  tree.write(apu + "power1_input", "9000000");
  tree.write(apu + "power1_label", "fastPPT");
  tree.write(apu + "power2_input", "8000000");
  tree.write(apu + "power2_label", "slowPPT");
  tree.write(apu + "in1_input", "900");
  tree.write(apu + "in1_label", "vddnb");
  const auto other = add_chip(tree, 2, "nouveau", "pci0000:00/0000:05:00.0");
  tree.write(other + "power1_input", "1000000");
  const auto found = find(tree, "hwmon-power");
  const auto& discrete = sensor_of(found, "amdgpu-0000:03:00.0/PPT").info();
  EXPECT_EQ(discrete.boundary, Boundary::kAccelerator);
  const auto& fast = sensor_of(found, "amdgpu-0000:04:00.0/fastPPT").info();
  EXPECT_EQ(fast.boundary, Boundary::kPackage);
  EXPECT_EQ(fast.within, "");
  EXPECT_EQ(sensor_of(found, "amdgpu-0000:04:00.0/slowPPT").info().within, fast.channel);
  EXPECT_EQ(sensor_of(found, "nouveau-0000:05:00.0/power1").info().boundary,
            Boundary::kAccelerator);
}

TEST(HwmonPower, NegativeAndUnreadableValuesAreProblemsAndThenErrors) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 0, "meter", "platform/meter.0");
  tree.write(chip + "power1_input", "-5");
  tree.write(chip + "power2_input", "N/A");
  tree.write(chip + "power3_input", "1");
  tree.write(chip + "power3_enable", "0");
  tree.write(chip + "power4_input", "1");
  const auto found = find(tree, "hwmon-power");
  EXPECT_EQ(channels_of(found), std::set<std::string>{"meter-meter.0/power4"});
  EXPECT_EQ(found.problems.size(), 2U);
  tree.fail_reads({ENODATA});
  EXPECT_EQ(sensor_of(found, "meter-meter.0/power4").read().error().category,
            ErrorCategory::kDevice);
}

TEST(HwmonPower, SharedLabelsAreMadeUnique) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 0, "meter", "platform/meter.0");
  for (const char* n : {"1", "2", "10"}) {
    tree.write(chip + "power" + n + "_input", "1");
    tree.write(chip + "power" + n + "_label", n == std::string("10") ? "own" : "NC");
  }
  EXPECT_EQ(channels_of(find(tree, "hwmon-power")),
            (std::set<std::string>{"meter-meter.0/NC (power1)", "meter-meter.0/NC (power2)",
                                   "meter-meter.0/own"}));
}

TEST(HwmonEnergy, SocketsAndCoresOfAmdEnergy) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 5, "amd_energy", "platform/amd_energy.0");
  // Cores come first, then sockets (amd_energy.rst).
  const std::vector<std::string> labels = {"Ecore0", "Ecore1", "Esocket0", "Esocket1"};
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string stem = chip + "energy" + std::to_string(i + 1);
    tree.write(stem + "_input", std::to_string(1000 * (i + 1)));
    tree.write(stem + "_label", labels[i]);
  }
  tree.write("/sys/devices/system/cpu/cpu1/topology/physical_package_id", "1");
  const auto found = find(tree, "hwmon-energy");
  EXPECT_EQ(found.sensors.size(), 4U);
  Sensor& socket = sensor_of(found, "amd_energy-amd_energy.0/Esocket1");
  EXPECT_EQ(socket.info().boundary, Boundary::kPackage);
  EXPECT_EQ(socket.info().joules_per_tick, 1e-6);
  EXPECT_EQ(socket.info().range_ticks, 0U);
  EXPECT_EQ(socket.info().within, "");
  EXPECT_EQ(socket.read().value().ticks, 4000U);
  const std::string of = "amd_energy-amd_energy.0/";
  EXPECT_EQ(sensor_of(found, of + "Ecore0").info().within, of + "Esocket0");
  EXPECT_EQ(sensor_of(found, of + "Ecore1").info().within, of + "Esocket1");
}

TEST(HwmonEnergy, APackageIsInsideItsCardWhereTheCardIsShown) {
  SysfsTree tree;
  const auto both = add_chip(tree, 0, "xe", "pci0000:00/0000:03:00.0");
  tree.write(both + "energy1_input", "10");
  tree.write(both + "energy1_label", "card");
  tree.write(both + "energy2_input", "9");
  tree.write(both + "energy2_label", "pkg");
  const auto alone = add_chip(tree, 1, "xe", "pci0000:00/0000:04:00.0");
  tree.write(alone + "energy2_input", "9");
  tree.write(alone + "energy2_label", "pkg");
  const auto found = find(tree, "hwmon-energy");
  EXPECT_EQ(sensor_of(found, "xe-0000:03:00.0/pkg").info().within, "xe-0000:03:00.0/card");
  EXPECT_EQ(sensor_of(found, "xe-0000:04:00.0/pkg").info().within, "");
  EXPECT_EQ(sensor_of(found, "xe-0000:03:00.0/card").info().boundary, Boundary::kAccelerator);
}

TEST(HwmonEnergy, RefusalNamesTheHelperAndNoMode) {
  SysfsTree tree;
  const auto chip = add_chip(tree, 0, "amd_energy", "platform/amd_energy.0");
  tree.write(chip + "energy1_input", "1");
  tree.refuse(chip + "energy1_input", EACCES);
  const auto found = find(tree, "hwmon-energy");
  EXPECT_TRUE(found.sensors.empty());
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_EQ(found.problems[0].category, ErrorCategory::kPermission);
  EXPECT_NE(found.problems[0].fix.find("edgetran-sensord"), std::string::npos);
  EXPECT_EQ(found.problems[0].fix.find("chmod"), std::string::npos);
}

TEST(Hwmon, NothingThereIsNoProblem) {
  SysfsTree tree;
  add_virtual_chip(tree, 0, "acpitz");
  tree.write("/sys/class/hwmon/hwmon1/power1_input", "1");  // no name: not a chip
  for (const char* name : {"hwmon-energy", "hwmon-power", "hwmon-vi"}) {
    const auto found = find(tree, name);
    EXPECT_TRUE(found.sensors.empty()) << name;
    EXPECT_TRUE(found.problems.empty()) << name;
  }
}

}  // namespace
}  // namespace edgetran::profile::sensors
