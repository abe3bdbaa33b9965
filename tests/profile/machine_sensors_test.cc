#include "profile/machine_sensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "base/files.h"
#include "profile/sensor_infos.h"
#include "profile/sensors/synthetic.h"

namespace edgetran::profile {
namespace {

using testing::event;
using ::testing::HasSubstr;
using testing::zone;

/// A counter of a constant power, in microjoules, that is renewed every `update_s`; 0 W: it stands.
class SteadyCounter final : public Sensor {
 public:
  SteadyCounter(SensorInfo info, base::Clock& clock, double power_w, double update_s = 0.001)
      : info_(std::move(info)), clock_(clock), power_w_(power_w), update_s_(update_s) {}
  const SensorInfo& info() const override { return info_; }
  base::Result<Reading> read() override {
    ++reads;
    const double updated_s = std::floor(clock_.now_s() / update_s_) * update_s_;
    return Reading{.ticks = static_cast<uint64_t>(updated_s * power_w_ * 1e6)};
  }
  int reads = 0;

 private:
  SensorInfo info_;
  base::Clock& clock_;
  double power_w_;
  double update_s_;
};

/// A machine's folder of the kernel's files, with the name of the boot.
class Root {
 public:
  Root() : folder_(base::TemporaryFolder::create("machine").value()) { boot("one"); }
  void boot(const std::string& name) const {
    std::filesystem::create_directories(path() / "proc/sys/kernel/random");
    std::ofstream(path() / "proc/sys/kernel/random/boot_id") << name << "\n";
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path cache() const { return path() / "calibrations.json"; }

 private:
  base::TemporaryFolder folder_;
};

std::vector<std::string> boundaries(const PowerPlan& plan) {
  std::vector<std::string> names;
  for (const PowerTotal& total : plan.totals) names.emplace_back(boundary_name(total.boundary));
  return names;
}

TEST(MachineSensors, APsysThatStandsStillLeavesThePackage) {
  base::ManualClock clock;
  FoundSensors found;
  found.sensors.push_back(std::make_unique<SteadyCounter>(event("psys"), clock, 0));
  found.sensors.push_back(std::make_unique<SteadyCounter>(event("package-0"), clock, 15));
  MachineSensors machine(std::move(found), clock);
  const PowerPlan plan = machine.plan();
  EXPECT_EQ(boundaries(plan), std::vector<std::string>{"package"});
  EXPECT_EQ(plan.recorders.size(), 1U);
  EXPECT_EQ(plan.notes.at(0).at("sensor"), "perf-rapl/psys");
  EXPECT_THAT(plan.notes.at(0).at("message").get<std::string>(), HasSubstr("did not move in 3 s"));
}

TEST(MachineSensors, APackageThatCannotBeReadLeavesNoPackageTotal) {
  base::ManualClock clock;
  FoundSensors found;
  found.sensors.push_back(std::make_unique<SteadyCounter>(zone("package-0"), clock, 15));
  found.problems.push_back({.driver = "powercap-rapl",
                            .source = "/sys/class/powercap/intel-rapl:1/energy_uj",
                            .message = "max_energy_range_uj says 0",
                            .fix = "",
                            .missing = {zone("package-1")}});
  MachineSensors machine(std::move(found), clock);
  const PowerPlan plan = machine.plan();
  EXPECT_TRUE(plan.totals.empty());
  EXPECT_TRUE(plan.recorders.empty());
  EXPECT_THAT(plan.notes.at(1).at("message").get<std::string>(),
              HasSubstr("package-1 of powercap-rapl cannot be read"));
}

/// A synthetic gauge that changes every `update_s`.
std::unique_ptr<Sensor> gauge_of(base::Clock& clock, double update_s, double swing_w = 10) {
  sensors::SyntheticSettings settings;
  settings.shape = "sawtooth";
  settings.base_w = 1;
  settings.swing_w = swing_w;
  settings.period_s = 1.37;
  settings.update_s = update_s;
  return std::make_unique<sensors::SyntheticSensor>(settings, clock);
}

/// The update period that a new process finds, and how long that took.
std::pair<double, double> period_of(const Root& root, double update_s, double swing_w = 10) {
  base::ManualClock clock;
  FoundSensors found;
  found.sensors.push_back(gauge_of(clock, update_s, swing_w));
  MachineSensors machine(std::move(found), clock, root.cache(), root.path());
  const PowerPlan plan = machine.plan();
  const double took_s = clock.now_s();
  return {plan.recorders.at(0)->calibrate()->update_s, took_s};
}

TEST(MachineSensors, ACalibrationIsKeptForTheBoot) {
  const Root root;
  EXPECT_NEAR(period_of(root, 0.1).first, 0.1, 0.001);
  const auto [again, took_s] = period_of(root, 0.1);
  EXPECT_NEAR(again, 0.1, 0.001);
  EXPECT_LT(took_s, 1);
  root.boot("two");
  EXPECT_GE(period_of(root, 0.1).second, kCalibration_s);
}

TEST(MachineSensors, OtherSettingsOfASensorAreAnotherSensor) {
  const Root root;
  EXPECT_NEAR(period_of(root, 0.1).first, 0.1, 0.001);
  EXPECT_NEAR(period_of(root, 0.02).first, 0.02, 0.001);
}

TEST(MachineSensors, ASensorThatWasQuietIsCalibratedAgain) {
  const Root root;
  EXPECT_EQ(period_of(root, 0.1, 0).first, 0);
  EXPECT_FALSE(std::filesystem::exists(root.cache()));
}

TEST(MachineSensors, WithinAProcessAQuietSensorIsTriedAgainAfterTenTimesTheTime) {
  base::ManualClock clock;
  FoundSensors found;
  found.sensors.push_back(gauge_of(clock, 0.1, 0));
  MachineSensors machine(std::move(found), clock);
  const auto took_s = [&] {
    const double begun_s = clock.now_s();
    machine.plan();
    return clock.now_s() - begun_s;
  };
  EXPECT_NEAR(took_s(), kCalibration_s + 0.04, 0.1);  // with the rounds of reading
  EXPECT_EQ(took_s(), 0);
  clock.advance(29);
  EXPECT_EQ(took_s(), 0);
  clock.advance(2);
  EXPECT_NEAR(took_s(), kCalibration_s, 0.1);
}

TEST(CalibrationCache, IsReadableByItsOwnerOnly) {
  const Root root;
  period_of(root, 0.1);
  struct stat found {};
  ASSERT_EQ(::stat(root.cache().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST(CalibrationCache, AFileThatOthersMayWriteIsNotBelieved) {
  const Root root;
  period_of(root, 0.1);
  for (const mode_t mode : {0620U, 0602U}) {
    ASSERT_EQ(::chmod(root.cache().c_str(), mode), 0);
    EXPECT_GE(period_of(root, 0.1).second, kCalibration_s) << mode;
  }
}

TEST(CalibrationCache, AFileOfAnotherUserIsNotBelieved) {
  const Root root;
  period_of(root, 0.1);
  if (::chown(root.cache().c_str(), 65534, 65534) != 0) GTEST_SKIP() << "needs root";
  EXPECT_GE(period_of(root, 0.1).second, kCalibration_s);
}

TEST(CalibrationCache, ALinkIsReplacedAndNotFollowed) {
  const Root root;
  const auto victim = root.path() / "victim";
  std::ofstream(victim) << "mine";
  std::filesystem::create_symlink(victim, root.cache());
  period_of(root, 0.1);
  EXPECT_EQ(base::read_file(victim).value(), "mine");
  EXPECT_FALSE(std::filesystem::is_symlink(root.cache()));
  EXPECT_LT(period_of(root, 0.1).second, 1);
}

TEST(CalibrationCache, ADamagedFileIsMadeAnew) {
  const Root root;
  std::ofstream(root.cache()) << "{\"format\": ";
  EXPECT_GE(period_of(root, 0.1).second, kCalibration_s);
  EXPECT_LT(period_of(root, 0.1).second, 1);
}

}  // namespace
}  // namespace edgetran::profile
