#include "profile/sensors/rpi5_pmic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::SysfsTree;
using testing::WithoutPrivileges;

// The form and the names of a Raspberry Pi 5's answer; the numbers are made up.
constexpr std::string_view kIndexed =
    " 3V7_WL_SW_A current(0)=0.00195186A\n"
    "   3V3_SYS_A current(1)=0.12500000A\n"
    "  VDD_CORE_A current(7)=2.00000000A\n"
    "      HDMI_A current(22)=0.02500000A\n"
    " 3V7_WL_SW_V volt(8)=3.70720000V\n"
    "   3V3_SYS_V volt(9)=3.32000000V\n"
    "  VDD_CORE_V volt(15)=0.75000000V\n"
    "      HDMI_V volt(23)=5.12000000V\n"
    "     EXT5V_V volt(24)=5.14158000V\n"
    "      BATT_V volt(25)=0.00512820V";
constexpr double kIndexed_w = 0.00195186 * 3.7072 + 0.125 * 3.32 + 2.0 * 0.75 + 0.025 * 5.12;

void be_a_pi5(const SysfsTree& tree) {
  tree.write_bytes("/proc/device-tree/compatible",
                   std::string_view("raspberrypi,5-model-b\0brcm,bcm2712\0", 35));
}

/// A firmware that answers `text`, after checking the message that the kernel would be given.
VcioExchange firmware(std::string text, uint32_t error = 0) {
  return [text = std::move(text), error](std::span<uint32_t> message) {
    EXPECT_EQ(message[0], message.size_bytes());
    EXPECT_EQ(message[1], 0U);           // a request
    EXPECT_EQ(message[2], 0x00030080U);  // GET_GENCMD_RESULT
    EXPECT_EQ(message[3], kPmicAnswerBytes);
    EXPECT_STREQ(reinterpret_cast<const char*>(&message[6]), "pmic_read_adc");
    EXPECT_EQ(message.back(), 0U);  // no further tag
    message[1] = 0x80000000;
    message[5] = error;
    std::memcpy(&message[6], text.c_str(), std::min(text.size() + 1, kPmicAnswerBytes));
    return 0;
  };
}

TEST(PmicText, SumsVoltsTimesAmperesByNameAndLeavesOutInputAndBattery) {
  const PmicSums sums = sum_pmic_rails(kIndexed).value();
  EXPECT_EQ(sums.rails, 4U);
  EXPECT_NEAR(sums.watts, kIndexed_w, 1e-12);
}

TEST(PmicText, TheShortFormIsTheSame) {
  const auto sums = sum_pmic_rails(
      "VDD_CORE_V=0.8750V\r\nEXT5V_V=5.1V\r\nVDD_CORE_A=1.2A\r\n\r\nVDD_IO_A = 0.5 A\r\n"
      "VDD_IO_V = 2 V\r\n");
  ASSERT_TRUE(sums) << sums.error().message;
  EXPECT_EQ(sums->rails, 2U);
  EXPECT_NEAR(sums->watts, 0.875 * 1.2 + 1.0, 1e-12);
}

TEST(PmicText, TheUnitSaysWhatALineTells) {
  // Some firmware repeats the current's name in the voltage's line.
  const auto sums = sum_pmic_rails("VDD_A current(7)=0.5A\nVDD_A voltage(7)=0.8V\n");
  ASSERT_TRUE(sums) << sums.error().message;
  EXPECT_NEAR(sums->watts, 0.4, 1e-12);
}

TEST(PmicText, WhatItDoesNotKnowIsAnError) {
  for (const char* text :
       {"error=1 error_msg=\"Command not registered\"", "VDD_CORE_A current(7)=0.5",
        "VDD_CORE_A 1A", "VDD_CORE_A current(7)=nanA", "VDD_CORE_A current(7)=A", "=1A", "", "\n\n",
        "EXT5V_V volt(24)=5.1V", "A_A=1e300A\nA_V=1e300V",
        "A_A current(0)=1A\nA_A current(0)=1A\nA_V volt(1)=1V"}) {
    const auto sums = sum_pmic_rails(text);
    ASSERT_FALSE(sums) << text;
    EXPECT_EQ(sums.error().category, ErrorCategory::kDevice);
  }
  std::string many;
  for (int i = 0; i < 100; ++i) many += "R" + std::to_string(i) + "_A=1A\n";
  EXPECT_FALSE(sum_pmic_rails(many));
}

TEST(Rpi5Pmic, TheMailboxGivesOneChannelThatIsNotTheInput) {
  const SysfsTree tree;
  be_a_pi5(tree);
  const FoundSensors found =
      find_rpi5_pmic(tree.host(), {.exchange = firmware(std::string(kIndexed))});
  ASSERT_THAT(found.problems, IsEmpty());
  ASSERT_THAT(found.sensors, SizeIs(1));
  const SensorInfo& info = found.sensors[0]->info();
  EXPECT_EQ(info.channel, "soc-rails");
  EXPECT_EQ(info.boundary, Boundary::kSocRails);
  EXPECT_EQ(info.kind, SensorKind::kGauge);
  EXPECT_NEAR(found.sensors[0]->read()->watts, kIndexed_w, 1e-12);
}

TEST(Rpi5Pmic, ARailThatDisappearsIsNoSmallerPower) {
  const SysfsTree tree;
  be_a_pi5(tree);
  int calls = 0;
  const VcioExchange first = firmware(std::string(kIndexed));
  const VcioExchange later = firmware("VDD_CORE_A current(7)=1A\nVDD_CORE_V volt(15)=1V\n");
  const FoundSensors found =
      find_rpi5_pmic(tree.host(), {.exchange = [&](std::span<uint32_t> message) {
                       return ++calls == 1 ? first(message) : later(message);
                     }});
  ASSERT_THAT(found.sensors, SizeIs(1));
  const auto reading = found.sensors[0]->read();
  ASSERT_FALSE(reading);
  EXPECT_THAT(reading.error().message, HasSubstr("tells 1 whole rails; it told 4"));
}

TEST(Rpi5Pmic, WhatTheKernelOrTheFirmwareRefusesIsAProblem) {
  const SysfsTree tree;
  be_a_pi5(tree);
  const auto problem = [&](VcioExchange exchange) {
    const FoundSensors found = find_rpi5_pmic(tree.host(), {.exchange = std::move(exchange)});
    EXPECT_THAT(found.sensors, IsEmpty());
    return found.problems.at(0);
  };
  const SensorProblem refused = problem([](std::span<uint32_t>) { return EPERM; });
  EXPECT_EQ(refused.category, ErrorCategory::kPermission);
  EXPECT_THAT(refused.fix, HasSubstr("usermod -aG video"));
  EXPECT_EQ(problem([](std::span<uint32_t>) { return ENODEV; }).category, ErrorCategory::kDevice);
  EXPECT_THAT(problem(firmware("", 2)).message, HasSubstr("error 2"));
  EXPECT_THAT(problem([](std::span<uint32_t>) { return 0; }).message, HasSubstr("refuses"));
}

TEST(Rpi5Pmic, AnAnswerWithoutItsEndStaysInsideTheMessage) {
  const SysfsTree tree;
  be_a_pi5(tree);
  const FoundSensors found =
      find_rpi5_pmic(tree.host(), {.exchange = firmware(std::string(2 * kPmicAnswerBytes, 'x'))});
  EXPECT_THAT(found.problems, SizeIs(1));
}

TEST(Rpi5Pmic, TheDeviceOfOthersIsAProblemWithItsFix) {
  const SysfsTree tree;
  be_a_pi5(tree);
  tree.write("/dev/vcio", "");
  tree.forbid("/dev/vcio");
  const WithoutPrivileges dropped;
  const FoundSensors found = find_rpi5_pmic(tree.host(), {});
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].category, ErrorCategory::kPermission);
}

TEST(Rpi5Pmic, WithoutItsDeviceTheProgramIsAsked) {
  const SysfsTree tree;
  be_a_pi5(tree);
  const FoundSensors found = find_rpi5_pmic(
      tree.host(), {.program = {"printf", "VDD_A current(0)=2A\nVDD_V volt(1)=0.75V\n"}});
  ASSERT_THAT(found.sensors, SizeIs(1));
  EXPECT_NEAR(found.sensors[0]->read()->watts, 1.5, 1e-12);
  EXPECT_NEAR(found.sensors[0]->read()->watts, 1.5, 1e-12);
}

TEST(Rpi5Pmic, AProgramThatFailsOrIsMissingIsAProblem) {
  const SysfsTree tree;
  be_a_pi5(tree);
  const auto problem = [&](std::vector<std::string> program) {
    return find_rpi5_pmic(tree.host(), {.program = std::move(program)}).problems.at(0);
  };
  EXPECT_THAT(problem({"false"}).message, HasSubstr("exited with code 1"));
  EXPECT_THAT(problem({"no-such-vcgencmd"}).fix, HasSubstr("apt-get install"));
  EXPECT_THAT(problem({"sh", "-c", "yes | head -c 100000"}).message, HasSubstr("more than 4096"));
}

TEST(Rpi5Pmic, OtherBoardsHaveNone) {
  const SysfsTree tree;
  EXPECT_THAT(find_rpi5_pmic(tree.host(), {}).problems, IsEmpty());
  tree.write_bytes("/proc/device-tree/compatible",
                   std::string_view("raspberrypi,4-model-b\0brcm,bcm2711\0", 35));
  const FoundSensors found =
      find_rpi5_pmic(tree.host(), {.exchange = firmware(std::string(kIndexed))});
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.problems, IsEmpty());
}

}  // namespace
}  // namespace edgetran::profile::sensors
