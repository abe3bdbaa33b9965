#include "service/doctor/doctor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "base/version.h"
#include "service/doctor/machine_checks.h"
#include "service/doctor/place_checks.h"
#include "service/doctor/program_checks.h"

namespace edgetran::service {
namespace {

using base::Json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr double kLong_s = 30;    // nothing waits so long that goes well
constexpr double kShort_s = 0.5;  // for what hangs

const DoctorCheck* find(const Checks& checks, const std::string& name) {
  const auto found =
      std::ranges::find_if(checks, [&](const DoctorCheck& check) { return check.name == name; });
  return found == checks.end() ? nullptr : &*found;
}

/// This process's children, dead ones included.
std::string children() {
  return base::read_file(fmt::format("/proc/self/task/{}/children", ::getpid())).value_or("");
}

class Doctor : public ::testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(path(name).parent_path());
    ASSERT_TRUE(base::write_file_atomic(path(name), text));
  }
  /// A program of this name that runs a script.
  std::filesystem::path program(const std::string& name, const std::string& script) const {
    write(name, "#!/bin/sh\n" + script);
    std::filesystem::permissions(path(name), std::filesystem::perms::owner_all);
    return path(name);
  }
  /// A program that serves, with these replies.
  std::filesystem::path service(const std::string& name, const std::string& service,
                                const Json& replies,
                                const std::string& version = base::kVersion) const {
    write(name + ".json", base::dump_json({{"version", version}, {"replies", replies}}));
    return program(name, fmt::format("exec python3 {}/tests/service/fake_service.py {} {} \"$@\"\n",
                                     EDGETRAN_SOURCE_DIR, service, path(name + ".json").string()));
  }
  /// What an agent says that measures, with its sensors.
  static Json capabilities(const Json& more = Json::object()) {
    Json fields = {{"runtimes",
                    {{{"name", "openvino"},
                      {"version", "2025.4"},
                      {"kind", "measured"},
                      {"available", true},
                      {"reason", ""},
                      {"devices", {"CPU"}},
                      {"precisions", {"fp32", "bf16"}}},
                     {{"name", "simulated"},
                      {"version", "1"},
                      {"kind", "modelled"},
                      {"available", true},
                      {"reason", ""},
                      {"devices", {"CPU"}},
                      {"precisions", {"fp32"}}}}},
                   {"sensors", Json::array()},
                   {"sensor_problems", Json::array()}};
    fields.update(more);
    return fields;
  }
  AgentFindings agent(const Json& said, const Json& lease = {{"seconds", 1}}) const {
    return check_agent(
        service("edgetran-agent", "agent", {{"capabilities", said}, {"lease", lease}}), kLong_s);
  }

  base::TemporaryFolder folder_ = base::TemporaryFolder::create("doctor").value();
};

// -- the agent ------------------------------------------------------------------------------------

TEST_F(Doctor, AnAgentWithARuntimeMeasures) {
  const auto found = agent(capabilities());
  EXPECT_TRUE(found.measures);
  const DoctorCheck* runtime = find(found.checks, "runtime openvino");
  ASSERT_NE(runtime, nullptr);
  EXPECT_EQ(runtime->status, CheckStatus::kOk);
  EXPECT_EQ(runtime->seen, "2025.4 on CPU; fp32 and bf16");
  EXPECT_EQ(find(found.checks, "edgetran-agent")->status, CheckStatus::kOk);
  EXPECT_EQ(find(found.checks, "machine is free")->status, CheckStatus::kOk);
  EXPECT_EQ(children(), "");
}

TEST_F(Doctor, ARuntimeThatModelsMeasuresNothing) {
  Json said = capabilities();
  said["runtimes"][0]["available"] = false;
  said["runtimes"][0]["reason"] = "no CPU plug-in";
  const auto found = agent(said);
  EXPECT_FALSE(found.measures);
  const DoctorCheck* runtime = find(found.checks, "runtime openvino");
  EXPECT_EQ(runtime->status, CheckStatus::kMissing);
  EXPECT_EQ(runtime->seen, "no CPU plug-in");
  EXPECT_EQ(find(found.checks, "runtimes")->status, CheckStatus::kFailed);
}

TEST_F(Doctor, AHeldMachineIsAWarning) {
  const auto found = agent(capabilities(), {{"error", {"resource", "process 7 holds it", ""}}});
  EXPECT_TRUE(found.measures);
  const DoctorCheck* lease = find(found.checks, "machine is free");
  EXPECT_EQ(lease->status, CheckStatus::kWarning);
  EXPECT_THAT(lease->seen, HasSubstr("process 7"));
}

TEST_F(Doctor, SensorsAreListedByDriverWithTheirBoundary) {
  const auto found = agent(capabilities(
      {{"sensors",
        {{{"driver", "perf-rapl"}, {"channel", "package-0"}, {"boundary", "package"}},
         {{"driver", "perf-rapl"}, {"channel", "psys"}, {"boundary", "psys"}},
         {{"driver", "hwmon-power"}, {"channel", "ina3221/VDD_IN"}, {"boundary", "module"}}}}}));
  EXPECT_EQ(find(found.checks, "perf-rapl")->seen,
            "package-0 and psys; measures at: package and psys");
  EXPECT_EQ(find(found.checks, "hwmon-power")->status, CheckStatus::kOk);
  EXPECT_EQ(find(found.checks, "sensors"), nullptr);
}

TEST_F(Doctor, ARefusedSensorIsMissingWithItsFixOnce) {
  const auto zone = [](int number) {
    return Json{{"driver", "powercap-rapl"},
                {"source", fmt::format("/sys/class/powercap/intel-rapl:{}/energy_uj", number)},
                {"category", "permission"},
                {"message", fmt::format("cannot open zone {}: Permission denied", number)},
                {"fix", "sudo setcap cap_perfmon=ep '/opt/edgetran-agent'"}};
  };
  const auto found = agent(capabilities({{"sensor_problems", {zone(0), zone(1), zone(2)}}}));
  const DoctorCheck* refused = find(found.checks, "powercap-rapl");
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->status, CheckStatus::kMissing);
  EXPECT_EQ(refused->seen, "cannot open zone 0: Permission denied (and 2 more)");
  EXPECT_EQ(refused->fix, "sudo setcap cap_perfmon=ep '/opt/edgetran-agent'");
  EXPECT_EQ(
      std::ranges::count_if(found.checks,
                            [](const DoctorCheck& check) { return check.name == "powercap-rapl"; }),
      1);
  EXPECT_TRUE(found.measures);  // latency
  EXPECT_THAT(find(found.checks, "sensors")->seen, HasSubstr("no figures of energy"));
}

TEST_F(Doctor, ABrokenSensorHasFailed) {
  const auto found = agent(capabilities({{"sensor_problems",
                                          {{{"driver", "nvml"},
                                            {"source", "gpu 0"},
                                            {"category", "device"},
                                            {"message", "says N/A"},
                                            {"fix", ""}}}}}));
  EXPECT_EQ(find(found.checks, "nvml")->status, CheckStatus::kFailed);
}

TEST_F(Doctor, AnOlderAgentThatSaysNothingOfSensorsIsRead) {
  Json said = capabilities();
  said.erase("sensors");
  said.erase("sensor_problems");
  const auto found = agent(said);
  EXPECT_TRUE(found.measures);
  EXPECT_THAT(find(found.checks, "sensors")->seen, HasSubstr("does not say"));
}

TEST_F(Doctor, CapabilitiesThatAreNonsenseAreFindings) {
  for (const Json& said :
       {Json::object(), Json{{"runtimes", "many"}, {"sensors", 7}, {"sensor_problems", {1, "x"}}},
        Json{{"runtimes", {1, nullptr, {{"name", 5}, {"available", "yes"}}}}}}) {
    EXPECT_FALSE(agent(said).measures);
  }
}

TEST_F(Doctor, AnotherVersionIsAWarning) {
  const auto found =
      check_agent(service("edgetran-agent", "agent",
                          {{"capabilities", capabilities()}, {"lease", {{"seconds", 1}}}}, "0.0.1"),
                  kLong_s);
  EXPECT_EQ(find(found.checks, "edgetran-agent")->status, CheckStatus::kWarning);
  EXPECT_TRUE(found.measures);
}

TEST_F(Doctor, AMissingAgentIsMissingAndNamesTheBuild) {
  const auto found = check_agent(path("edgetran-agent"), kLong_s);
  EXPECT_FALSE(found.measures);
  const DoctorCheck& check = found.checks.at(0);
  EXPECT_EQ(check.status, CheckStatus::kMissing);
  EXPECT_THAT(check.fix, StartsWith("cmake --build build --target edgetran-agent"));
}

TEST_F(Doctor, AnAgentThatDiesSaysHowAndWhy) {
  const auto found = check_agent(
      program("edgetran-agent",
              "echo 'error while loading shared libraries: libopenvino.so' >&2\nexit 127\n"),
      kLong_s);
  EXPECT_FALSE(found.measures);
  const DoctorCheck& check = found.checks.at(0);
  EXPECT_EQ(check.status, CheckStatus::kFailed);
  EXPECT_THAT(check.seen, HasSubstr("code 127"));
  EXPECT_THAT(check.seen, HasSubstr("libopenvino.so"));
  EXPECT_EQ(children(), "");
}

TEST_F(Doctor, AnAgentThatDiesLaterSaysHowAndWhy) {
  const auto found =
      check_agent(service("edgetran-agent", "agent", {{"capabilities", "die"}}), kLong_s);
  EXPECT_FALSE(found.measures);
  const DoctorCheck* check = find(found.checks, "capabilities");
  ASSERT_NE(check, nullptr);
  EXPECT_THAT(check->seen, HasSubstr("code 9"));
  EXPECT_THAT(check->seen, HasSubstr("the reason why it died"));
  EXPECT_THAT(check->seen, Not(HasSubstr("first line")));
}

TEST_F(Doctor, AHangingAgentIsEnded) {
  // Deaf to the end of its input and to SIGTERM, with a child of its own.
  const auto deaf = program("edgetran-agent", "trap '' TERM\nsleep 600 & wait\nsleep 600\n");
  const auto found = check_agent(deaf, kShort_s);
  EXPECT_FALSE(found.measures);
  EXPECT_EQ(found.checks.at(0).status, CheckStatus::kFailed);
  EXPECT_THAT(found.checks.at(0).seen, HasSubstr("within 0.5 s"));
  EXPECT_EQ(children(), "");
}

TEST_F(Doctor, AnAgentThatHangsInTheMiddleIsEnded) {
  const auto hangs = service("edgetran-agent", "agent", {{"capabilities", "hang"}});
  const auto found = check_agent(hangs, 3);  // Python has to start within it
  EXPECT_FALSE(found.measures);
  EXPECT_EQ(find(found.checks, "capabilities")->status, CheckStatus::kFailed);
  EXPECT_EQ(children(), "");
}

TEST_F(Doctor, NoiseInPlaceOfAnAgentIsAFinding) {
  const auto noise = program("edgetran-agent", "while :; do echo not a frame; done\n");
  const auto found = check_agent(noise, kLong_s);
  EXPECT_EQ(found.checks.at(0).status, CheckStatus::kFailed);
  EXPECT_EQ(children(), "");
}

TEST_F(Doctor, AnotherServiceInPlaceOfTheAgentIsAFinding) {
  const auto found = check_agent(service("edgetran-agent", "train", Json::object()), kLong_s);
  EXPECT_FALSE(found.measures);
  EXPECT_EQ(found.checks.at(0).status, CheckStatus::kFailed);
}

// -- the worker -----------------------------------------------------------------------------------

TEST_F(Doctor, AWorkerAnswers) {
  const DoctorCheck check =
      check_worker(service("edgetran-worker", "train", Json::object()), kLong_s);
  EXPECT_EQ(check.status, CheckStatus::kOk);
  EXPECT_THAT(check.seen, StartsWith(base::kVersion));
}

TEST_F(Doctor, AMissingWorkerIsMissing) {
  EXPECT_EQ(check_worker(path("edgetran-worker"), kLong_s).status, CheckStatus::kMissing);
}

// -- the machine ----------------------------------------------------------------------------------

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

// -- folders and tools ----------------------------------------------------------------------------

TEST_F(Doctor, CardsThatCannotBeReadAreNamed) {
  EXPECT_EQ(check_cards(path("cards")).at(0).status, CheckStatus::kMissing);
  write("cards/bad.yaml", "board: [\n");
  write("cards/good.yaml", base::read_file(std::filesystem::path(EDGETRAN_SOURCE_DIR) / "devices" /
                                           "simulated-board.yaml")
                               .value());
  const Checks checks = check_cards(path("cards"));
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].status, CheckStatus::kOk);
  EXPECT_THAT(checks[0].seen, StartsWith("1 with "));
  EXPECT_EQ(checks[1].name, "card bad.yaml");
  EXPECT_EQ(checks[1].status, CheckStatus::kFailed);
  EXPECT_THAT(checks[1].fix, HasSubstr("edgetran device show"));
}

TEST_F(Doctor, AFolderThatIsNotThereYetIsJudgedByTheOneAbove) {
  EXPECT_EQ(check_folder("cache", path("a/b/c")).status, CheckStatus::kOk);
  EXPECT_FALSE(std::filesystem::exists(path("a")));
  EXPECT_EQ(check_folder("cache", "/proc/cache").status, CheckStatus::kWarning);
}

TEST_F(Doctor, ToolsAreLookedForInPath) {
  const Checks checks = check_tools(kLong_s);
  const DoctorCheck* python = find(checks, "python3");
  ASSERT_NE(python, nullptr);
  EXPECT_EQ(python->status, CheckStatus::kOk);  // this test's fakes run by it
  EXPECT_THAT(python->seen, StartsWith("Python 3."));
  EXPECT_EQ(children(), "");
}

// -- the whole ------------------------------------------------------------------------------------

TEST_F(Doctor, LooksAtEverythingAndChangesNothing) {
  service("edgetran-agent", "agent",
          {{"capabilities", capabilities()}, {"lease", {{"seconds", 1}}}});
  const auto diagnosis = diagnose({.programs = folder_.path(),
                                   .cache = path("cache"),
                                   .cards = path("cards"),
                                   .folder = folder_.path(),
                                   .root = "/",
                                   .limit_s = kLong_s});
  EXPECT_TRUE(diagnosis.measures);
  EXPECT_EQ(diagnosis.checks.at(0).name, "edgetran");
  EXPECT_EQ(diagnosis.checks.at(1).name, "edgetran-agent");
  EXPECT_EQ(diagnosis.checks.at(2).name, "edgetran-worker");
  EXPECT_FALSE(std::filesystem::exists(path("cache")));
  EXPECT_FALSE(std::filesystem::exists(path("cards")));
  for (const DoctorCheck& check : diagnosis.checks) {
    EXPECT_FALSE(check.seen.empty()) << check.name;
    EXPECT_EQ(check.fix.find('\n'), std::string::npos) << check.name;
  }
}

TEST(DoctorText, ShowsGroupsWordsAndFixesOnLinesOfTheirOwn) {
  const Checks checks = {{"programs", "edgetran", CheckStatus::kOk, "0.1.0", ""},
                         {"programs", "agent", CheckStatus::kFailed, "exited", "make build"},
                         {"tools", "ssh", CheckStatus::kMissing, "not installed\x1b[31m", ""}};
  EXPECT_EQ(checks_text(checks, false),
            "programs\n"
            "  ✓ ok       edgetran  0.1.0\n"
            "  ✗ failed   agent     exited\n"
            "                       $ make build\n"
            "\n"
            "tools\n"
            "  ○ missing  ssh       not installed\uFFFD[31m\n"
            "\n"
            "nothing can be measured here; 1 failed and 1 missing\n");
}

}  // namespace
}  // namespace edgetran::service
