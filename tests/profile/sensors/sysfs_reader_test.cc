#include "profile/sensors/sysfs_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "profile/sensors/fixture_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using ::testing::HasSubstr;

/// A kernel that fails `failures` times with `code` and then answers "42\n".
struct Kernel {
  static inline int failures = 0;
  static inline int code = 0;
  static inline int calls = 0;

  static ssize_t pread(int /*descriptor*/, void* buffer, size_t /*size*/, off_t /*offset*/) {
    ++calls;
    if (failures > 0) {
      --failures;
      errno = code;
      return -1;
    }
    std::memcpy(buffer, "42\n", 3);
    return 3;
  }

  static base::Result<int64_t> read(int failures_before, int error_code) {
    const FixtureTree tree;
    tree.write("/value", "0");
    failures = failures_before;
    code = error_code;
    calls = 0;
    return SysfsValue::open(tree.at("/value"), pread).value().read();
  }
};

TEST(SysfsValue, ABusySensorIsAskedAgainAtOnce) {
  EXPECT_EQ(Kernel::read(3, EAGAIN).value(), 42);
  EXPECT_EQ(Kernel::calls, 4);
}

TEST(SysfsValue, ASensorThatStaysBusyIsAnErrorAfterAFewAttempts) {
  const auto value = Kernel::read(1000, EAGAIN);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().category, ErrorCategory::kDevice);
  EXPECT_EQ(Kernel::calls, 4);
}

TEST(SysfsValue, ADeviceThatDisappearedIsAnErrorThatSaysSo) {
  const auto value = Kernel::read(1, ENODEV);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(value.error().message, HasSubstr("No such device"));
  EXPECT_THAT(value.error().hint, HasSubstr("gone"));
  EXPECT_EQ(Kernel::calls, 1);
}

TEST(SysfsValue, ARefusedReadIsAPermission) {
  EXPECT_EQ(Kernel::read(1, EACCES).error().category, ErrorCategory::kPermission);
  EXPECT_EQ(Kernel::read(1, EPERM).error().category, ErrorCategory::kPermission);
}

TEST(SysfsValue, OnlyWholeNumbersAreValues) {
  const FixtureTree tree;
  tree.write("/value", "-17");
  SysfsValue value = SysfsValue::open(tree.at("/value")).value();
  EXPECT_EQ(value.read().value(), -17);
  for (const char* text : {"", "N/A", "1.5", "12 mW", "99999999999999999999", "0x10"}) {
    tree.write("/value", text);
    const auto read = value.read();
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().category, ErrorCategory::kDevice);
    EXPECT_THAT(read.error().message, HasSubstr("value"));
  }
  tree.write("/value", std::string(200, '7'));
  EXPECT_THAT(value.read().error().message, HasSubstr("more than 127 bytes"));
}

TEST(SysfsValue, AMissingFileIsNotFound) {
  const FixtureTree tree;
  EXPECT_EQ(SysfsValue::open(tree.at("/none")).error().category, ErrorCategory::kNotFound);
}

TEST(SysfsPower, IsTheProductInItsUnit) {
  const FixtureTree tree;
  tree.write("/mv", "5016");
  tree.write("/ma", "250");
  auto power = SysfsPower::open({tree.at("/mv"), tree.at("/ma")}, 1e-6).value();
  EXPECT_NEAR(power.read().value(), 1.254, 1e-12);
}

}  // namespace
}  // namespace edgetran::profile::sensors
