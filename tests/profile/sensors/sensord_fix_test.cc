#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/sensors/powercap_tree.h"
#include "profile/sensors/sensord_client.h"
#include "profile/sensors/sensord_protocol.h"

namespace edgetran::profile::sensors {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::SysfsTree;

constexpr const char* kEnable = "sudo systemctl enable --now edgetran-sensord.socket";

std::string powercap_fix(SysfsTree& tree) {
  testing::add_zone(tree, "intel-rapl:0", "package-0", "1");
  tree.refuse("/sys/class/powercap/intel-rapl:0/energy_uj", EACCES);
  return testing::driver("powercap-rapl").find(tree.host()).problems.at(0).fix;
}

TEST(SensordFix, WithAPmuTheProcessGetsItsCapability) {
  SysfsTree tree;
  tree.write("/sys/bus/event_source/devices/power/type", "9");
  EXPECT_THAT(powercap_fix(tree), StartsWith("sudo setcap cap_perfmon=ep '/"));
}

TEST(SensordFix, WithoutAPmuTheHelperIsEnabled) {
  SysfsTree tree;
  tree.write("/etc/systemd/system/edgetran-sensord.socket", "");
  EXPECT_EQ(powercap_fix(tree), kEnable);
}

TEST(SensordFix, WhatIsNotInstalledIsInstalledFirst) {
  SysfsTree tree;
  const std::string fix = powercap_fix(tree);
  EXPECT_THAT(fix, StartsWith("sudo cmake --install build --component sensord && "));
  EXPECT_THAT(fix, HasSubstr(kEnable));
}

TEST(SensordFix, WhereTheSocketRefusesTheUserJoinsTheGroup) {
  SysfsTree tree;
  tree.write(kSensordSocket, "");
  tree.forbid(kSensordSocket);
  const testing::WithoutPrivileges user;
  EXPECT_THAT(sensord_fix(tree.plain_host()), StartsWith("sudo usermod -aG edgetran "));
}

TEST(SensordFix, NobodyIsAskedToChangeModes) {
  SysfsTree tree;
  const std::string fix = powercap_fix(tree);
  EXPECT_THAT(fix, Not(HasSubstr("chmod")));
  EXPECT_THAT(fix, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace edgetran::profile::sensors
