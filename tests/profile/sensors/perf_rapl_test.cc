#include "profile/sensors/perf_rapl.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <cmath>
#include <cstring>
#include <map>

#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using testing::channels_of;
using testing::sensor_of;
using testing::SysfsTree;

const std::string kPmu = "/sys/bus/event_source/devices/power/";
constexpr const char* kScale = "2.3283064365386962890625e-10";

void add_event(SysfsTree& tree, const std::string& name, const std::string& code) {
  tree.write(kPmu + "events/" + name, code);
  tree.write(kPmu + "events/" + name + ".scale", kScale);
  tree.write(kPmu + "events/" + name + ".unit", "Joules");
}

void add_cpu(SysfsTree& tree, int cpu, int package, int die) {
  const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
  tree.write(folder + "physical_package_id", std::to_string(package));
  tree.write(folder + "die_id", std::to_string(die));
}

/// A PMU with all events on the CPUs of `mask`.
void add_pmu(SysfsTree& tree, const std::string& mask) {
  tree.write(kPmu + "type", "23");
  tree.write(kPmu + "cpumask", mask);
  tree.write(kPmu + "format/event", "config:0-7");
  add_event(tree, "energy-cores", "event=0x01");
  add_event(tree, "energy-pkg", "event=0x02");
  add_event(tree, "energy-ram", "event=0x03");
  add_event(tree, "energy-gpu", "event=0x04");
  add_event(tree, "energy-psys", "event=0x05");
  tree.write("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel");
}

/// Stands in for the kernel: descriptors are real ones of /dev/null, values are this map's.
struct FakePerf {
  struct Opened {
    perf_event_attr event;
    int pid, cpu, group;
    unsigned long flags;
  };
  std::map<int, Opened> opened;     // by descriptor
  std::map<uint64_t, int> refused;  // errno by config
  std::map<int, int> refused_cpus;  // errno by CPU
  std::vector<int> failures;        // of the next reads
  ssize_t bytes = 8;                // what a read gives

  /// A count that tells its event and CPU.
  static uint64_t count(uint64_t config, int cpu) {
    return (config << 40U) + static_cast<uint64_t>(cpu);
  }

  PerfSystem system() {
    PerfSystem system;
    system.open = [this](const perf_event_attr& event, int pid, int cpu, int group,
                         unsigned long flags) {
      errno = refused.contains(event.config) ? refused[event.config]
              : refused_cpus.contains(cpu)   ? refused_cpus[cpu]
                                             : 0;
      if (errno != 0) return -1;
      const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      opened[descriptor] = {event, pid, cpu, group, flags};
      return descriptor;
    };
    system.read = [this](int descriptor, void* buffer, size_t size) -> ssize_t {
      if (!failures.empty()) {
        errno = failures.front();
        failures.erase(failures.begin());
        return -1;
      }
      EXPECT_EQ(size, 8U);
      const uint64_t value = count(opened[descriptor].event.config, opened[descriptor].cpu);
      std::memcpy(buffer, &value, sizeof(value));
      return bytes;
    };
    return system;
  }
};

TEST(PerfRapl, EventsOfEveryPackageByTheNamesOfPowercap) {
  SysfsTree tree;
  add_pmu(tree, "0,28");
  add_cpu(tree, 0, 0, 0);
  add_cpu(tree, 28, 1, 0);
  FakePerf perf;
  const auto found = find_perf_rapl(tree.host(), perf.system());
  EXPECT_TRUE(found.problems.empty());
  EXPECT_EQ(channels_of(found),
            (std::set<std::string>{"package-0", "package-0/core", "package-0/dram",
                                   "package-0/uncore", "psys", "package-1", "package-1/core",
                                   "package-1/dram", "package-1/uncore", "psys-1"}));
  Sensor& core = sensor_of(found, "package-1/core");
  EXPECT_EQ(core.info().within, "package-1");
  EXPECT_EQ(core.info().domain, "core");
  EXPECT_EQ(core.info().boundary, Boundary::kPackage);
  EXPECT_EQ(core.read().value().ticks, FakePerf::count(1, 28));
  EXPECT_EQ(sensor_of(found, "package-0/dram").info().within, "");
  EXPECT_EQ(sensor_of(found, "psys").info().boundary, Boundary::kPsys);
  EXPECT_EQ(sensor_of(found, "package-0").read().value().ticks, FakePerf::count(2, 0));
}

TEST(PerfRapl, TheScaleIsExactly2ToTheMinus32AndTheRangeIs64Bits) {
  SysfsTree tree;
  add_pmu(tree, "0");
  FakePerf perf;
  const auto found = find_perf_rapl(tree.host(), perf.system());
  const SensorInfo& info = sensor_of(found, "package-0").info();
  EXPECT_EQ(info.joules_per_tick, std::ldexp(1.0, -32));
  EXPECT_EQ(info.range_ticks, 0U);
  EXPECT_EQ(info.kind, SensorKind::kCounter);
}

TEST(PerfRapl, OpensForTheWholeCpuAndClosesOnExec) {
  SysfsTree tree;
  add_pmu(tree, "7");
  FakePerf perf;
  const auto found = find_perf_rapl(tree.host(), perf.system());
  ASSERT_EQ(perf.opened.size(), 5U);
  for (const auto& [descriptor, call] : perf.opened) {
    EXPECT_EQ(call.pid, -1);
    EXPECT_EQ(call.cpu, 7);
    EXPECT_EQ(call.group, -1);
    EXPECT_EQ(call.flags, static_cast<unsigned long>(PERF_FLAG_FD_CLOEXEC));
    EXPECT_EQ(call.event.type, 23U);
    EXPECT_EQ(call.event.size, sizeof(perf_event_attr));
    EXPECT_EQ(call.event.read_format, 0U);
    EXPECT_EQ(call.event.sample_period, 0U);  // the PMU cannot sample
    EXPECT_EQ(call.event.disabled, 0U);
  }
}

TEST(PerfRapl, DiesOfAPackageCountEachOnIntel) {
  SysfsTree tree;
  add_pmu(tree, "0,24,48-49");
  add_cpu(tree, 0, 0, 0);
  add_cpu(tree, 24, 0, 1);
  add_cpu(tree, 48, 1, 0);
  add_cpu(tree, 49, 1, 1);
  FakePerf perf;
  const auto channels = channels_of(find_perf_rapl(tree.host(), perf.system()));
  for (const char* name : {"package-0-die-0", "package-0-die-1", "package-1-die-0",
                           "package-1-die-1", "package-1-die-1/dram", "psys", "psys-1"}) {
    EXPECT_TRUE(channels.contains(name)) << name;
  }
  EXPECT_EQ(channels.size(), 4U * 4 + 2);  // the platform has no dies
}

TEST(PerfRapl, DiesOfAPackageAreOneCounterOnAmd) {
  SysfsTree tree;
  add_pmu(tree, "0,8,16,24");
  tree.write("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD");
  for (int i = 0; i < 4; ++i) add_cpu(tree, 8 * i, i / 2, i % 2);
  FakePerf perf;
  const auto found = find_perf_rapl(tree.host(), perf.system());
  const auto channels = channels_of(found);
  EXPECT_TRUE(channels.contains("package-0") && channels.contains("package-1"));
  EXPECT_EQ(channels.size(), 2U * 4 + 2);
  EXPECT_TRUE(found.problems.empty());
}

TEST(PerfRapl, WithoutTopologyFilesThereIsOnePackage) {
  SysfsTree tree;
  add_pmu(tree, "0");
  tree.write("/sys/devices/system/cpu/cpu0/topology/physical_package_id", "-1");
  FakePerf perf;
  EXPECT_TRUE(channels_of(find_perf_rapl(tree.host(), perf.system())).contains("package-0"));
}

TEST(PerfRapl, RefusalIsAProblemWithItsOneLine) {
  SysfsTree tree;
  add_pmu(tree, "0");
  for (const int code : {EACCES, EPERM}) {
    FakePerf perf;
    perf.refused[2] = code;
    const auto found = find_perf_rapl(tree.host(), perf.system());
    EXPECT_EQ(found.sensors.size(), 4U);
    ASSERT_EQ(found.problems.size(), 1U);
    EXPECT_EQ(found.problems[0].category, ErrorCategory::kPermission);
    EXPECT_NE(found.problems[0].fix.find("cap_perfmon"), std::string::npos);
    EXPECT_NE(found.problems[0].fix.find("kernel.perf_event_paranoid"), std::string::npos);
    EXPECT_EQ(found.problems[0].fix.find('\n'), std::string::npos);
    EXPECT_EQ(found.problems[0].source, "perf event power/energy-pkg/ on CPU 0");
  }
}

TEST(PerfRapl, OtherFailuresOfOpeningAreTheDevices) {
  SysfsTree tree;
  add_pmu(tree, "0,1");
  add_cpu(tree, 0, 0, 0);
  add_cpu(tree, 1, 1, 0);
  FakePerf perf;
  perf.refused_cpus[1] = ENODEV;  // went offline
  const auto found = find_perf_rapl(tree.host(), perf.system());
  EXPECT_EQ(found.sensors.size(), 5U);
  ASSERT_EQ(found.problems.size(), 5U);
  for (const auto& problem : found.problems) {
    EXPECT_EQ(problem.category, ErrorCategory::kDevice);
    EXPECT_TRUE(problem.fix.empty());
  }
}

TEST(PerfRapl, AReadingIsEightBytesOrAnError) {
  SysfsTree tree;
  add_pmu(tree, "0");
  FakePerf perf;
  const auto found = find_perf_rapl(tree.host(), perf.system());
  Sensor& sensor = sensor_of(found, "package-0");
  perf.failures = {EINTR, EAGAIN};
  EXPECT_TRUE(sensor.read());
  perf.failures = std::vector<int>(50, EAGAIN);
  EXPECT_EQ(sensor.read().error().category, ErrorCategory::kDevice);
  perf.failures = {ENODEV};
  EXPECT_EQ(sensor.read().error().category, ErrorCategory::kDevice);
  perf.failures = {};
  perf.bytes = 0;  // the event is in error
  EXPECT_EQ(sensor.read().error().category, ErrorCategory::kDevice);
}

TEST(PerfRapl, NoPmuIsNoProblem) {
  SysfsTree tree;
  FakePerf perf;
  const auto found = find_perf_rapl(tree.host(), perf.system());
  EXPECT_TRUE(found.sensors.empty());
  EXPECT_TRUE(found.problems.empty());
}

TEST(PerfRapl, FilesThatSaySomethingElseAreProblems) {
  const std::vector<std::pair<std::string, std::string>> broken = {
      {"type", "power"},
      {"type", "-1"},
      {"cpumask", ""},
      {"cpumask", "3-1"},
      {"cpumask", "0,x"},
      {"cpumask", "0-999999999"},
      {"events/energy-pkg", "event=2,umask=0x1"},
      {"events/energy-pkg", "event=0x02,umask=0x1"},
      {"events/energy-pkg", "event=0xfffffffffffffffff"},
      {"events/energy-pkg.scale", "0"},
      {"events/energy-pkg.scale", "tiny"},
      {"events/energy-pkg.unit", "Watts"}};
  for (const auto& [file, text] : broken) {
    SysfsTree tree;
    add_pmu(tree, "0");
    tree.write(kPmu + file, text);
    FakePerf perf;
    const auto found = find_perf_rapl(tree.host(), perf.system());
    ASSERT_EQ(found.problems.size(), 1U) << file << " " << text;
    EXPECT_EQ(found.problems[0].category, ErrorCategory::kDevice);
    EXPECT_NE(found.problems[0].message.find('"' + text + '"'), std::string::npos)
        << found.problems[0].message;
    EXPECT_FALSE(channels_of(found).contains("package-0"));
  }
}

TEST(PerfRapl, TwoCpusOfOneDieAreAProblem) {
  SysfsTree tree;
  add_pmu(tree, "0,1");  // no topology: both are package 0, die 0
  FakePerf perf;
  const auto found = find_perf_rapl(tree.host(), perf.system());
  EXPECT_EQ(channels_of(found),
            (std::set<std::string>{"package-0-die-0", "package-0-die-0/core",
                                   "package-0-die-0/dram", "package-0-die-0/uncore", "psys"}));
  EXPECT_EQ(found.problems.size(), 4U);
}

TEST(PerfRapl, AnEventWithoutItsScaleIsAProblemAndTheOthersStay) {
  SysfsTree tree;
  add_pmu(tree, "0");
  tree.remove(kPmu + "events/energy-ram.scale");
  FakePerf perf;
  const auto found = find_perf_rapl(tree.host(), perf.system());
  EXPECT_EQ(found.sensors.size(), 4U);
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_EQ(found.problems[0].source, kPmu + "events/energy-ram");
  ASSERT_EQ(found.problems[0].missing.size(), 1U);
  EXPECT_EQ(found.problems[0].missing[0].channel, "package-0/dram");
  EXPECT_EQ(found.problems[0].missing[0].boundary, Boundary::kPackage);
}

/// The real system call, where this machine lets it through or not: the hook's default is whole.
TEST(PerfRapl, TheSystemsOwnCallIsMadeByDefault) {
  SysfsTree tree;
  add_pmu(tree, "0");
  tree.write(kPmu + "type", "4294967295");  // no PMU has this number
  const auto found = find_perf_rapl(tree.host(), {});
  EXPECT_TRUE(found.sensors.empty());
  EXPECT_EQ(found.problems.size(), 5U);
}

}  // namespace
}  // namespace edgetran::profile::sensors
