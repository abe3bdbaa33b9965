#include "profile/sensors/sysfs_value.h"

#include <gtest/gtest.h>

#include <array>

#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using testing::SysfsTree;

constexpr const char* kFile = "/sys/class/hwmon/hwmon0/power1_input";

TEST(SysfsNumber, ReadsTheFileAnewEachTime) {
  SysfsTree tree;
  tree.write(kFile, "12");
  const auto number = SysfsNumber::open(tree.plain_host(), kFile).value();
  EXPECT_EQ(number.read().value(), 12);
  tree.write(kFile, "-9223372036854775808");
  EXPECT_EQ(number.read().value(), std::numeric_limits<int64_t>::min());
}

TEST(SysfsNumber, WhatIsNoWholeNumberIsAnErrorThatShowsIt) {
  SysfsTree tree;
  for (const std::string text :
       {"N/A", "", "12 34", "1.5", "0x10", "9223372036854775808",
        "00000000000000000000000000000000000000000000000000000000000000007"
        "000000000000000000000000000000000000000000000000000000000000000"}) {
    tree.write(kFile, text);
    const auto value = SysfsNumber::open(tree.plain_host(), kFile).value().read();
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().category, ErrorCategory::kDevice);
    EXPECT_NE(value.error().message.find(kFile), std::string::npos);
    EXPECT_NE(value.error().message.find(text.substr(0, 20)), std::string::npos);
  }
}

TEST(SysfsNumber, BusyIsTriedAgainAndGivenUp) {
  SysfsTree tree;
  tree.write(kFile, "7");
  const auto number = SysfsNumber::open(tree.host(), kFile).value();
  tree.fail_reads({EAGAIN, EINTR, EAGAIN});
  EXPECT_EQ(number.read().value(), 7);
  tree.fail_reads(std::vector<int>(100, EAGAIN));
  const int before = tree.reads();
  const auto value = number.read();
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().category, ErrorCategory::kDevice);
  EXPECT_EQ(tree.reads() - before, 4);
}

TEST(SysfsNumber, CategoriesFollowTheSystem) {
  SysfsTree tree;
  tree.write(kFile, "7");
  EXPECT_EQ(SysfsNumber::open(tree.host(), "/sys/none").error().category, ErrorCategory::kNotFound);
  tree.refuse(kFile, EACCES);
  EXPECT_EQ(SysfsNumber::open(tree.host(), kFile).error().category, ErrorCategory::kPermission);
  tree.refuse(kFile, EIO);
  EXPECT_EQ(SysfsNumber::open(tree.host(), kFile).error().category, ErrorCategory::kDevice);
}

TEST(SysfsNumber, ADeviceThatGoesAwayWhileOpenIsAnError) {
  SysfsTree tree;
  tree.write(kFile, "7");
  const auto number = SysfsNumber::open(tree.host(), kFile).value();
  // What sysfs says once the device is unbound; ENOENT must not be taken for "was never there".
  for (const int code : {ENODEV, ENXIO, ENOENT, EIO, ENODATA}) {
    tree.fail_reads({code});
    EXPECT_EQ(number.read().error().category, ErrorCategory::kDevice) << code;
  }
  for (const int code : {EPERM, EACCES}) {
    tree.fail_reads({code});
    EXPECT_EQ(number.read().error().category, ErrorCategory::kPermission) << code;
  }
  tree.fail_reads({ENODEV});
  const auto gone = number.read();
  EXPECT_NE(gone.error().message.find("No such device"), std::string::npos);
  EXPECT_NE(gone.error().hint.find("gone"), std::string::npos);
  tree.fail_reads({EIO});
  EXPECT_EQ(number.read().error().hint, "");
}

TEST(SysfsFile, ShowsItsTextAnewInTheCallersBuffer) {
  SysfsTree tree;
  tree.write("/status", "Discharging");
  const auto file = SysfsFile::open(tree.plain_host(), "/status").value();
  std::array<char, 12> buffer;
  EXPECT_EQ(file.read(buffer).value(), "Discharging\n");
  tree.write("/status", "Full");
  EXPECT_EQ(file.read(buffer).value(), "Full\n");
  tree.write("/status", "a longer text than that");
  EXPECT_EQ(file.read(buffer).value(), "a longer tex");
}

TEST(SysfsPower, IsTheProductInItsUnitWithItsSign) {
  SysfsTree tree;
  tree.write("/mv", "5016");
  tree.write("/ma", "250");
  const auto power = SysfsPower::open(tree.plain_host(), {"/mv", "/ma"}, 1e-6).value();
  EXPECT_NEAR(power.read().value(), 1.254, 1e-12);
  tree.write("/ma", "-8");
  EXPECT_NEAR(power.read().value(), -0.040128, 1e-12);
  tree.write("/mv", "N/A");
  EXPECT_EQ(power.read().error().category, ErrorCategory::kDevice);
  EXPECT_EQ(SysfsPower::open(tree.plain_host(), {"/mv", "/none"}, 1e-6).error().category,
            ErrorCategory::kNotFound);
}

TEST(SysfsSensor, CounterRefusesValuesBeyondItsRange) {
  SysfsTree tree;
  tree.write(kFile, "99");
  SensorInfo info;
  info.source = kFile;
  info.kind = SensorKind::kCounter;
  info.range_ticks = 100;
  const auto counter = open_counter(tree.plain_host(), info).value();
  EXPECT_EQ(counter->read().value().ticks, 99U);  // the largest value is legal
  tree.write(kFile, "100");
  EXPECT_EQ(counter->read().error().category, ErrorCategory::kDevice);
  tree.write(kFile, "-1");
  EXPECT_EQ(counter->read().error().category, ErrorCategory::kDevice);
}

}  // namespace
}  // namespace edgetran::profile::sensors
