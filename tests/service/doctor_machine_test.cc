#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/files.h"
#include "service/doctor/machine_checks.h"
#include "service/doctor_fixture.h"

namespace edgetran::service {
namespace {

using ::testing::HasSubstr;

class Machine : public Doctor {
 protected:
  Machine() {
    write("proc/cpuinfo", "processor : 0\nmodel name : Test\nflags : fpu\n\nprocessor : 1\n");
    write("proc/meminfo",
          "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    write("proc/loadavg", "0.1 0.1 0.1 1/100 5\n");
  }
  DoctorCheck check(const std::string& name) const {
    const Checks checks = check_machine(folder_.path());
    const DoctorCheck* found = find(checks, name);
    return found == nullptr ? DoctorCheck{} : *found;
  }
  std::string cpu(const std::string& file) const { return "sys/devices/system/cpu/" + file; }
};

TEST_F(Machine, AQuietOneHasNoWarnings) {
  write(cpu("cpu0/cpufreq/scaling_governor"), "performance\n");
  write(cpu("intel_pstate/no_turbo"), "1\n");
  write(cpu("smt/active"), "0\n");
  write(cpu("cpu0/thermal_throttle/core_throttle_count"), "0\n");
  for (const DoctorCheck& check : check_machine(folder_.path())) {
    EXPECT_EQ(check.status, CheckStatus::kOk) << check.name << ": " << check.seen;
    EXPECT_EQ(check.fix, "") << check.name;
  }
}

TEST_F(Machine, AGovernorOfAnyProcessorCounts) {
  write(cpu("cpu0/cpufreq/scaling_governor"), "performance\n");
  write(cpu("cpu1/cpufreq/scaling_governor"), "powersave\n");
  const DoctorCheck found = check("frequency governor");
  EXPECT_EQ(found.status, CheckStatus::kWarning);
  EXPECT_THAT(found.seen, HasSubstr("performance and powersave"));
  EXPECT_THAT(found.fix, HasSubstr("scaling_governor"));
}

TEST_F(Machine, TurboOfBothDrivers) {
  write(cpu("intel_pstate/no_turbo"), "0\n");
  EXPECT_EQ(check("turbo").status, CheckStatus::kWarning);
  EXPECT_THAT(check("turbo").fix, HasSubstr("echo 1"));
  std::filesystem::remove(path(cpu("intel_pstate/no_turbo")));
  write(cpu("cpufreq/boost"), "1\n");
  EXPECT_EQ(check("turbo").status, CheckStatus::kWarning);
  EXPECT_THAT(check("turbo").fix, HasSubstr("echo 0"));
  write(cpu("cpufreq/boost"), "0\n");
  EXPECT_EQ(check("turbo").status, CheckStatus::kOk);
}

TEST_F(Machine, SmtThrottlingAndBattery) {
  write(cpu("smt/active"), "1\n");
  EXPECT_EQ(check("threads of a core").status, CheckStatus::kWarning);
  write(cpu("cpu1/thermal_throttle/package_throttle_count"), "1234\n");
  EXPECT_EQ(check("throttling").status, CheckStatus::kWarning);
  EXPECT_THAT(check("throttling").seen, HasSubstr("1 234"));
  write("sys/class/power_supply/BAT0/type", "Battery\n");
  write("sys/class/power_supply/BAT0/status", "Charging\n");
  EXPECT_EQ(check("supply").name, "");
  write("sys/class/power_supply/BAT0/status", "Discharging\n");
  EXPECT_EQ(check("supply").status, CheckStatus::kWarning);
}

TEST_F(Machine, AVirtualMachineIsAWarning) {
  write("proc/cpuinfo", "processor : 0\nmodel name : Test\nflags : fpu hypervisor\n");
  EXPECT_EQ(check("hypervisor").status, CheckStatus::kWarning);
}

TEST_F(Machine, LittleMemoryAndMuchSwapAreWarnings) {
  write("proc/meminfo",
        "MemTotal: 8000000 kB\nMemAvailable: 500000 kB\nSwapTotal: 1000000 kB\nSwapFree: 500000 "
        "kB\n");
  EXPECT_EQ(check("memory").status, CheckStatus::kWarning);
  EXPECT_EQ(check("swap").status, CheckStatus::kWarning);
  EXPECT_EQ(check("swap").fix, "");  // 512 MB of swap do not fit 512 MB of memory
  write("proc/meminfo",
        "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\nSwapTotal: 1000000 kB\nSwapFree: 500000 "
        "kB\n");
  EXPECT_EQ(check("memory").status, CheckStatus::kOk);
  EXPECT_THAT(check("swap").fix, HasSubstr("swapoff"));
}

TEST_F(Machine, ABusyOneIsAWarning) {
  write("proc/loadavg", "9.0 5.0 1.0 12/100 5\n");
  EXPECT_EQ(check("processor").status, CheckStatus::kWarning);
}

TEST_F(Machine, ASlowClockIsAWarning) {
  const std::string file = "sys/devices/system/clocksource/clocksource0/current_clocksource";
  write(file, "tsc\n");
  EXPECT_EQ(check("clock").status, CheckStatus::kOk);
  write(file, "hpet\n");
  EXPECT_EQ(check("clock").status, CheckStatus::kWarning);
}

TEST_F(Doctor, AMachineThatShowsNothingIsAFinding) {
  const Checks checks = check_machine(path("nothing"));
  ASSERT_FALSE(checks.empty());
  EXPECT_EQ(checks[0].status, CheckStatus::kFailed);
}

}  // namespace
}  // namespace edgetran::service
