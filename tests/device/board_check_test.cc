#include "device/board_check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/version.h"

namespace edgetran::device {
namespace {

using State = CheckLine::State;

Card card() {
  Card card;
  card.board.name = "pi";
  card.board.kind = BoardKind::kSsh;
  card.board.cores = 4;
  card.deployments = {{.name = "one", .runtime = "openvino", .precision = "fp32", .threads = 4}};
  return card;
}

base::Json capabilities() {
  return {{"host", {{"processor", "A76"}, {"cores", 4}, {"memory_bytes", 8000000000}}},
          {"runtimes",
           {{{"name", "openvino"},
             {"version", "2026"},
             {"available", true},
             {"reason", ""},
             {"devices", {"CPU", "GPU.0"}},
             {"precisions", {"fp32"}}}}},
          {"sensors",
           {{{"driver", "rpi5-pmic"},
             {"channel", "total"},
             {"boundary", "soc-rails"},
             {"kind", "gauge"}}}},
          {"sensor_problems", base::Json::array()}};
}

std::vector<CheckLine> lines(const Card& card, const base::Json& capabilities,
                             const std::string& version = base::kVersion) {
  wire::Hello about;
  about.program = "edgetran-agent";
  about.version = version;
  return compare_card(card, about, capabilities);
}

CheckLine line(const Card& card, const base::Json& capabilities, const std::string& item) {
  for (const CheckLine& line : lines(card, capabilities)) {
    if (line.item == item) return line;
  }
  ADD_FAILURE() << "no line about " << item;
  return {};
}

TEST(BoardCheck, ABoardThatIsAsItsCardSaysIsUsable) {
  const auto all = lines(card(), capabilities());
  EXPECT_TRUE(std::all_of(all.begin(), all.end(),
                          [](const CheckLine& line) { return line.state == State::kOk; }));
  EXPECT_TRUE((BoardCheck{.about = {}, .lines = all}).usable());
}

TEST(BoardCheck, WhatADeploymentLacksIsNamedWithItsFix) {
  struct Case {
    Deployment deployment;
    std::string says, fix;
  };
  const Deployment good = card().deployments[0];
  Deployment runtime = good, precision = good, accelerator = good, threads = good;
  runtime.runtime = "openvno";
  precision.precision = "bf16";
  accelerator.accelerator = "NPU";
  threads.threads = 5;
  for (const Case& wanted : {Case{runtime, "no runtime \"openvno\"", "openvino"},
                             Case{precision, "not in bf16", "precision: fp32"},
                             Case{accelerator, "no NPU", "accelerator: CPU"},
                             Case{threads, "5 threads", "threads: 4"}}) {
    Card card = device::card();
    card.deployments = {wanted.deployment};
    const CheckLine found = line(card, capabilities(), "deployment one");
    EXPECT_EQ(found.state, State::kMissing) << found.message;
    EXPECT_NE(found.message.find(wanted.says), std::string::npos) << found.message;
    EXPECT_NE(found.fix.find(wanted.fix), std::string::npos) << found.fix;
  }
}

TEST(BoardCheck, AnAcceleratorStandsForItsFirstOne) {
  Card card = device::card();
  card.deployments[0].accelerator = "GPU";
  EXPECT_EQ(line(card, capabilities(), "deployment one").state, State::kOk);
}

TEST(BoardCheck, ARuntimeThatDoesNotWorkSaysWhy) {
  base::Json theirs = capabilities();
  theirs["runtimes"][0]["available"] = false;
  theirs["runtimes"][0]["reason"] = "built without it";
  const CheckLine found = line(card(), theirs, "deployment one");
  EXPECT_EQ(found.state, State::kMissing);
  EXPECT_NE(found.message.find("built without it"), std::string::npos);
}

TEST(BoardCheck, ADeclaredRuntimeThatAForcedCommandLeftOutHasTheFlagAsItsFix) {
  Card card = device::card();
  card.board.runtimes = {{"other", "run it"}};
  card.deployments[0].runtime = "other";
  EXPECT_NE(line(card, capabilities(), "deployment one").fix.find("--runtime 'other=run it'"),
            std::string::npos);
}

TEST(BoardCheck, MoreCoresThanThereAreAreMissing) {
  Card card = device::card();
  card.board.cores = 8;
  const CheckLine found = line(card, capabilities(), "cores");
  EXPECT_EQ(found.state, State::kMissing);
  EXPECT_NE(found.fix.find("cores: 4"), std::string::npos);
}

base::Json ina219(int bus) { return {{"driver", "ina219"}, {"bus", bus}, {"shunt_ohm", 0.1}}; }

TEST(BoardCheck, ADeclaredSensorWithoutPermissionIsMissingWithItsOneLine) {
  Card card = device::card();
  card.board.sensors = {ina219(1)};
  base::Json theirs = capabilities();
  theirs["sensor_problems"].push_back({{"driver", "ina219"},
                                       {"source", "/dev/i2c-1"},
                                       {"category", "permission"},
                                       {"message", "/dev/i2c-1 cannot be opened"},
                                       {"fix", "usermod -aG i2c me"}});
  const auto all = lines(card, theirs);
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [](const CheckLine& line) { return line.item == "sensor ina219"; }),
            1);
  const CheckLine found = line(card, theirs, "sensor ina219");
  EXPECT_EQ(found.state, State::kMissing);
  EXPECT_EQ(found.fix, "usermod -aG i2c me");
  EXPECT_FALSE((BoardCheck{.about = {}, .lines = all}).usable());
}

TEST(BoardCheck, ADeclaredSensorThatFailsIsToldWithItsOwnCause) {
  Card local = card();
  local.board.kind = BoardKind::kLocal;
  local.board.sensors = {ina219(1)};
  base::Json theirs = capabilities();
  theirs["sensor_problems"].push_back({{"driver", "declared"},
                                       {"source", base::dump_json(ina219(1))},
                                       {"message", "--sensor:1:1: cannot open /dev/i2c-1\n{...}"},
                                       {"fix", "load i2c-dev"}});
  const auto all = lines(local, theirs);
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [](const CheckLine& line) { return line.state != State::kOk; }),
            1);
  const CheckLine found = line(local, theirs, "sensor ina219");
  EXPECT_EQ(found.state, State::kMissing);
  EXPECT_EQ(found.message, "--sensor:1:1: cannot open /dev/i2c-1");
  EXPECT_EQ(found.fix, "load i2c-dev");
}

TEST(BoardCheck, OfTwoDeclaredSensorsOfADriverBothMustBeThere) {
  Card card = device::card();
  card.board.sensors = {ina219(1), ina219(2)};
  base::Json theirs = capabilities();
  const base::Json sensor = {
      {"driver", "ina219"}, {"channel", "1-0040"}, {"boundary", "board-input"}, {"kind", "gauge"}};
  theirs["sensors"].push_back(sensor);
  EXPECT_FALSE((BoardCheck{.about = {}, .lines = lines(card, theirs)}).usable());
  theirs["sensors"].push_back(sensor);
  EXPECT_TRUE((BoardCheck{.about = {}, .lines = lines(card, theirs)}).usable());
}

TEST(BoardCheck, AProblemOfASensorThatNobodyDeclaredIsAWarningWithItsFix) {
  base::Json theirs = capabilities();
  theirs["sensor_problems"].push_back(
      {{"driver", "powercap-rapl"}, {"message", "not readable"}, {"fix", "install sensord"}});
  const CheckLine found = line(card(), theirs, "sensor powercap-rapl");
  EXPECT_EQ(found.state, State::kWarning);
  EXPECT_EQ(found.fix, "install sensord");
}

TEST(BoardCheck, WithoutAnySensorThereIsAWarningAboutEnergy) {
  base::Json theirs = capabilities();
  theirs["sensors"] = base::Json::array();
  EXPECT_EQ(line(card(), theirs, "energy").state, State::kWarning);
}

TEST(BoardCheck, AnotherVersionIsAWarning) {
  EXPECT_EQ(lines(card(), capabilities(), "0.0.1").front().state, State::kWarning);
}

TEST(BoardCheck, RepliesOfAnyShapeAreBorne) {
  for (const base::Json& odd :
       {base::Json::object(), base::Json{{"host", base::Json::object()}, {"runtimes", 3}},
        base::Json{{"runtimes", {1, "two", {{"name", 3}}}}, {"sensors", {{{"driver", 7}}, 8}}}}) {
    EXPECT_FALSE((BoardCheck{.about = {}, .lines = lines(card(), odd)}).usable());
  }
}

}  // namespace
}  // namespace edgetran::device
