#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/sensors/drivers.h"
#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using namespace std::string_view_literals;
using testing::channel;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::SysfsTree;

constexpr std::string_view kHwmon = "/sys/bus/i2c/drivers/ina3221/";
constexpr std::string_view kIio = "/sys/bus/i2c/drivers/ina3221x/";

constexpr std::string_view kOrinNano =
    "nvidia,p3768-0000+p3767-0005\0nvidia,p3767-0005\0nvidia,tegra234\0"sv;

/// A chip with its driver's folder as JetPack 5 and 6 show it: the device is a link, beside files
/// that belong to the driver.
class HwmonChip {
 public:
  HwmonChip(SysfsTree& tree, const std::string& chip, int number)
      : tree_(tree),
        folder_("/sys/devices/platform/c240000.i2c/i2c-1/" + chip + "/hwmon/hwmon" +
                std::to_string(number) + "/") {
    tree_.write_bytes("/proc/device-tree/compatible", kOrinNano);
    tree_.write(folder_ + "name", "ina3221");
    tree_.link(std::string(kHwmon) + chip, "/sys/devices/platform/c240000.i2c/i2c-1/" + chip);
    tree_.write(std::string(kHwmon) + "uevent", "");
    std::filesystem::create_directories(tree_.at("/sys/module/ina3221"));
    if (!std::filesystem::exists(tree_.at(std::string(kHwmon) + "module")))
      tree_.link(std::string(kHwmon) + "module", "/sys/module/ina3221");
    // What the driver adds by itself: the sum of the shunt voltages.
    write("in7_label", "sum of shunt voltages");
    write("in7_input", "99999");
    write("curr4_input", "99999");
  }

  HwmonChip& rail(int channel, const std::string& label, int mv, int ma) {
    const std::string n = std::to_string(channel);
    write("in" + n + "_label", label);
    write("in" + n + "_input", std::to_string(mv));
    write("in" + n + "_enable", "1");
    write("curr" + n + "_input", std::to_string(ma));
    return *this;
  }

  void write(const std::string& name, std::string_view value) {
    tree_.write(folder_ + name, value);
  }

 private:
  SysfsTree& tree_;
  std::string folder_;
};

HwmonChip orin_nano(SysfsTree& tree) {
  HwmonChip chip(tree, "1-0040", 1);
  chip.rail(1, "VDD_IN", 5016, 1136).rail(2, "VDD_CPU_GPU_CV", 5008, 240);
  chip.rail(3, "VDD_SOC", 5008, 320);
  return chip;
}

TEST(JetsonHwmon, TheInputRailIsTheModuleAndTheOthersAreWithinIt) {
  SysfsTree tree;
  orin_nano(tree);
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  ASSERT_THAT(found.problems, IsEmpty());
  ASSERT_THAT(found.sensors, SizeIs(3));
  Sensor* input = channel(found, "VDD_IN");
  ASSERT_NE(input, nullptr);
  EXPECT_EQ(input->info().boundary, Boundary::kModule);
  EXPECT_EQ(input->info().within, "");
  EXPECT_EQ(input->info().kind, SensorKind::kGauge);
  EXPECT_EQ(input->info().source,
            "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1/in1_input, curr1_input");
  EXPECT_NEAR(input->read()->watts, 5.016 * 1.136, 1e-12);
  for (const char* name : {"VDD_CPU_GPU_CV", "VDD_SOC"}) {
    EXPECT_EQ(channel(found, name)->info().boundary, Boundary::kRail);
    EXPECT_EQ(channel(found, name)->info().within, "VDD_IN");
  }
  EXPECT_NEAR(channel(found, "VDD_SOC")->read()->watts, 5.008 * 0.320, 1e-12);
}

TEST(JetsonHwmon, AReadingIsThePresentOne) {
  SysfsTree tree;
  HwmonChip chip = orin_nano(tree);
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  Sensor* input = channel(found, "VDD_IN");
  chip.write("curr1_input", "2000");
  EXPECT_NEAR(input->read()->watts, 5.016 * 2.0, 1e-12);
  chip.write("curr1_input", "-8");  // noise about zero has a sign
  EXPECT_NEAR(input->read()->watts, 5.016 * -0.008, 1e-12);
}

TEST(JetsonHwmon, StepAndAveragingComeFromTheChip) {
  SysfsTree tree;
  HwmonChip chip = orin_nano(tree);
  chip.write("shunt1_resistor", "5000");
  chip.write("update_interval", "7");
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  // 40 uV over 5 mohm are 8 mA, at 5.016 V.
  EXPECT_NEAR(channel(found, "VDD_IN")->info().resolution_w, 0.008 * 5.016, 1e-12);
  EXPECT_DOUBLE_EQ(channel(found, "VDD_IN")->info().averaging_s, 0.007);
  EXPECT_EQ(channel(found, "VDD_SOC")->info().resolution_w, 0);  // its shunt is not told
}

TEST(JetsonHwmon, AgxOrinIsTheSumOfThreeRailsWithMemoryCountedOnce) {
  SysfsTree tree;
  HwmonChip(tree, "1-0040", 3)
      .rail(1, "VDD_GPU_SOC", 19000, 170)
      .rail(2, "VDD_CPU_CV", 19000, 80)
      .rail(3, "VIN_SYS_5V0", 4968, 1000);
  HwmonChip(tree, "1-0041", 4)
      .rail(1, "NC", 0, 0)
      .rail(2, "VDDQ_VDD2_1V8AO", 4968, 220)
      .rail(3, "NC", 0, 0);
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  ASSERT_THAT(found.problems, IsEmpty());
  ASSERT_THAT(found.sensors, SizeIs(5));
  Sensor* sum = channel(found, "sum");
  ASSERT_NE(sum, nullptr);
  EXPECT_EQ(sum->info().boundary, Boundary::kModule);
  EXPECT_EQ(sum->info().domain, "sum of VDD_GPU_SOC, VDD_CPU_CV and VIN_SYS_5V0");
  EXPECT_NEAR(sum->read()->watts, 19 * 0.170 + 19 * 0.080 + 4.968 * 1.0, 1e-12);
  EXPECT_EQ(channel(found, "VDD_CPU_CV")->info().within, "sum");
  EXPECT_EQ(channel(found, "VIN_SYS_5V0")->info().within, "sum");
  EXPECT_EQ(channel(found, "VDDQ_VDD2_1V8AO")->info().within, "VIN_SYS_5V0");
  EXPECT_EQ(channel(found, "NC"), nullptr);
}

TEST(JetsonHwmon, AgxXavierIsTheSumOfSixRails) {
  SysfsTree tree;
  HwmonChip(tree, "1-0040", 0)
      .rail(1, "GPU", 19000, 10)
      .rail(2, "CPU", 19000, 20)
      .rail(3, "SOC", 19000, 30);
  HwmonChip(tree, "1-0041", 1)
      .rail(1, "CV", 19000, 1)
      .rail(2, "VDDRQ", 19000, 2)
      .rail(3, "SYS5V", 5000, 300);
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  Sensor* sum = channel(found, "sum");
  ASSERT_NE(sum, nullptr);
  EXPECT_EQ(sum->info().boundary, Boundary::kModule);
  EXPECT_NEAR(sum->read()->watts, 19 * 0.063 + 5 * 0.3, 1e-12);
}

TEST(JetsonHwmon, TheSumOfAnUnknownBoardClaimsNoModule) {
  SysfsTree tree;
  HwmonChip(tree, "2-0040", 0).rail(1, "VDD_NEW", 5000, 100).rail(2, "VDD_OTHER", 5000, 200);
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  ASSERT_NE(channel(found, "sum"), nullptr);
  EXPECT_EQ(channel(found, "sum")->info().boundary, Boundary::kSocRails);
  EXPECT_NEAR(channel(found, "sum")->read()->watts, 1.5, 1e-12);
}

TEST(JetsonHwmon, ASumThatWouldMissARailIsAProblemAndNoSensor) {
  SysfsTree tree;
  HwmonChip chip(tree, "1-0040", 3);
  chip.rail(1, "VDD_GPU_SOC", 19000, 170).rail(2, "VDD_CPU_CV", 19000, 80);
  chip.rail(3, "VIN_SYS_5V0", 4968, 1000);
  chip.write("curr2_input", "not a number");
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  EXPECT_EQ(channel(found, "sum"), nullptr);
  ASSERT_THAT(found.problems, SizeIs(2));  // the sum and the rail
  EXPECT_EQ(found.problems[0].source, "the sum of the rails");
  EXPECT_THAT(found.problems[1].message, HasSubstr("curr2_input says \"not a number\""));
  EXPECT_NE(channel(found, "VDD_GPU_SOC"), nullptr);
}

TEST(JetsonHwmon, ATotalThatCannotBeReadIsNotReplacedByASum) {
  SysfsTree tree;
  HwmonChip chip = orin_nano(tree);
  chip.write("in1_input", "");
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  EXPECT_EQ(channel(found, "sum"), nullptr);
  EXPECT_EQ(channel(found, "VDD_IN"), nullptr);
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].category, base::ErrorCategory::kDevice);
  EXPECT_THAT(found.problems[0].message, HasSubstr("in1_input says \"\""));
}

TEST(JetsonHwmon, PermissionIsAProblemWithItsFix) {
  SysfsTree tree;
  HwmonChip chip = orin_nano(tree);
  tree.refuse("/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1/curr1_input", EACCES);
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].category, base::ErrorCategory::kPermission);
  EXPECT_THAT(found.problems[0].fix, HasSubstr("may read"));
}

TEST(JetsonHwmon, ADisabledChannelIsAbsent) {
  SysfsTree tree;
  HwmonChip chip = orin_nano(tree);
  chip.write("in3_enable", "0");
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_EQ(channel(found, "VDD_SOC"), nullptr);
}

TEST(JetsonHwmon, TheCarrierBoardIsBesideTheModule) {
  SysfsTree tree;
  HwmonChip(tree, "0-0041", 1).rail(1, "VDD_IN", 19000, 300);
  HwmonChip(tree, "0-0042", 2).rail(1, "VDD_MUX", 19000, 500);
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  EXPECT_EQ(channel(found, "VDD_MUX")->info().within, "");
  EXPECT_EQ(channel(found, "VDD_MUX")->info().boundary, Boundary::kRail);
  EXPECT_EQ(channel(found, "VDD_IN")->info().boundary, Boundary::kModule);
}

TEST(JetsonHwmon, ChannelsAreUniqueAndDoNotDependOnTheOrderOfProbing) {
  SysfsTree tree;
  HwmonChip(tree, "1-0040", 7).rail(1, "", 5000, 1).rail(2, "SAME", 5000, 2);
  HwmonChip(tree, "1-0041", 2).rail(1, "SAME", 5000, 3);
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  EXPECT_NE(channel(found, "1-0040:1"), nullptr);
  EXPECT_NE(channel(found, "1-0040:2"), nullptr);
  EXPECT_NE(channel(found, "1-0041:1"), nullptr);
  EXPECT_EQ(channel(found, "SAME"), nullptr);
}

TEST(JetsonHwmon, AnotherMachineHasNone) {
  const SysfsTree tree;
  const FoundSensors found = kJetsonHwmon.find(tree.host());
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.problems, IsEmpty());
}

void write_nano(SysfsTree& tree, const std::string& folder) {
  const std::string chip = std::string(kIio) + "6-0040/" + folder + "/";
  tree.write(chip + "rail_name_0", "POM_5V_IN");
  tree.write(chip + "in_power0_input", "2875");
  tree.write(chip + "rail_name_1", "POM_5V_GPU");
  tree.write(chip + "in_power1_input", "41");
  tree.write(chip + "rail_name_2", "POM_5V_CPU");
  tree.write(chip + "in_power2_input", "615");
}

TEST(JetsonIio, TheNanoTellsMilliwatts) {
  SysfsTree tree;
  write_nano(tree, "iio:device0");
  const FoundSensors found = kJetsonIio.find(tree.host());
  ASSERT_THAT(found.problems, IsEmpty());
  ASSERT_THAT(found.sensors, SizeIs(3));
  EXPECT_EQ(channel(found, "POM_5V_IN")->info().boundary, Boundary::kModule);
  EXPECT_NEAR(channel(found, "POM_5V_IN")->read()->watts, 2.875, 1e-12);
  EXPECT_EQ(channel(found, "POM_5V_CPU")->info().within, "POM_5V_IN");
  EXPECT_NEAR(channel(found, "POM_5V_CPU")->read()->watts, 0.615, 1e-12);
}

TEST(JetsonIio, TheOldFolderNameIsReadAndALinkCountsOnce) {
  SysfsTree tree;
  write_nano(tree, "iio_device");
  EXPECT_THAT(kJetsonIio.find(tree.host()).sensors, SizeIs(3));
  tree.link(std::string(kIio) + "6-0040/iio:device0", std::string(kIio) + "6-0040/iio_device");
  EXPECT_THAT(kJetsonIio.find(tree.host()).sensors, SizeIs(3));
}

TEST(JetsonIio, Tx2HasItsTotalOnTheSecondChip) {
  SysfsTree tree;
  const std::string first = std::string(kIio) + "0-0040/iio:device0/";
  const std::string second = std::string(kIio) + "0-0041/iio:device1/";
  tree.write(first + "rail_name_0", "VDD_SYS_GPU");
  tree.write(first + "in_power0_input", "152");
  tree.write(second + "rail_name_0", "VDD_IN");
  tree.write(second + "in_power0_input", "1907");
  const FoundSensors found = kJetsonIio.find(tree.host());
  EXPECT_EQ(channel(found, "VDD_IN")->info().boundary, Boundary::kModule);
  EXPECT_EQ(channel(found, "VDD_SYS_GPU")->info().within, "VDD_IN");
  EXPECT_EQ(channel(found, "sum"), nullptr);
}

TEST(JetsonIio, AValueThatIsNoNumberIsAnErrorAndNeverZero) {
  SysfsTree tree;
  write_nano(tree, "iio:device0");
  const FoundSensors found = kJetsonIio.find(tree.host());
  tree.write(std::string(kIio) + "6-0040/iio:device0/in_power0_input", "32760 ma");
  const auto reading = channel(found, "POM_5V_IN")->read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().category, base::ErrorCategory::kDevice);
  EXPECT_THAT(reading.error().message, HasSubstr("\"32760 ma\""));
}

}  // namespace
}  // namespace edgetran::profile::sensors
