#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/version.h"
#include "service/doctor/program_checks.h"
#include "service/doctor_fixture.h"

namespace edgetran::service {
namespace {

using base::Json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

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

}  // namespace
}  // namespace edgetran::service
