#include "profile/sensors/sysfs_value.h"

#include <gtest/gtest.h>

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
  tree.fail_reads({EPERM});
  EXPECT_EQ(number.read().error().category, ErrorCategory::kPermission);
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
