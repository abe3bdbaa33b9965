#include "profile/sensors/nvml.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process.h"
#include "profile/sensors/drivers.h"
#include "profile/sensors/fake_nvml/fake_nvml.h"
#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using testing::channel;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::SysfsTree;

constexpr const char* kFirst = "GPU-00000000-0000-0000-0000-000000000000";
constexpr const char* kFirstPower = "GPU-00000000-0000-0000-0000-000000000000/power";

/// The fake library beside the test program, held open so that its script stays.
class FakeNvml {
 public:
  explicit FakeNvml(const std::string& name = "fake_nvml.so")
      : path_((base::executable_folder() / "fakes" / name).string()),
        handle_(::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    const auto script =
        reinterpret_cast<FakeNvmlScript* (*)()>(::dlsym(handle_, "fake_nvml_script"));
    script_ = script();
    *script_ = FakeNvmlScript{};
  }
  ~FakeNvml() { ::dlclose(handle_); }
  FakeNvml(const FakeNvml&) = delete;
  FakeNvml& operator=(const FakeNvml&) = delete;

  FakeNvmlScript* operator->() const { return script_; }
  FoundSensors find() const { return find_nvml(tree_.host(), path_); }
  SysfsTree& tree() { return tree_; }

 private:
  std::string path_;
  void* handle_;
  FakeNvmlScript* script_ = nullptr;
  SysfsTree tree_;
};

TEST(Nvml, CounterInMillijoulesAndInstantPowerWithinIt) {
  const FakeNvml nvml;
  nvml->energy_mj = 123'456'789'012;
  nvml->instant_mw = 61'250;
  nvml->highest_limit_mw = 700'000;
  const FoundSensors found = nvml.find();
  ASSERT_THAT(found.problems, IsEmpty());
  ASSERT_THAT(found.sensors, SizeIs(2));
  Sensor* counter = channel(found, kFirst);
  ASSERT_NE(counter, nullptr);
  EXPECT_EQ(counter->info().kind, SensorKind::kCounter);
  EXPECT_EQ(counter->info().boundary, Boundary::kAccelerator);
  EXPECT_EQ(counter->info().domain, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(counter->info().joules_per_tick, 1e-3);
  EXPECT_EQ(counter->info().range_ticks, 0U);
  EXPECT_EQ(counter->read()->ticks, 123'456'789'012U);
  EXPECT_DOUBLE_EQ(*counter->info().rating_w, 875);
  Sensor* gauge = channel(found, kFirstPower);
  ASSERT_NE(gauge, nullptr);
  EXPECT_EQ(gauge->info().kind, SensorKind::kGauge);
  EXPECT_EQ(gauge->info().within, kFirst);
  EXPECT_EQ(gauge->info().source, "POWER_INSTANT");
  EXPECT_DOUBLE_EQ(gauge->read()->watts, 61.25);
}

TEST(Nvml, EveryTypeOfValueIsRead) {
  const FakeNvml nvml;
  for (int type = 0; type <= 5; ++type) {
    nvml->field_type = type;
    nvml->instant_mw = 300'000 + static_cast<unsigned int>(type);
    const FoundSensors found = nvml.find();
    EXPECT_DOUBLE_EQ(channel(found, kFirstPower)->read()->watts, 300 + type * 1e-3) << type;
  }
}

TEST(Nvml, AnUnknownTypeOfValueIsNotGuessed) {
  const FakeNvml nvml;
  nvml->instant_mw = nvml->average_mw = nvml->usage_mw = 1000;
  const FoundSensors found = nvml.find();
  nvml->field_type = 6;
  EXPECT_EQ(channel(found, kFirstPower)->read().error().category, ErrorCategory::kDevice);
}

TEST(Nvml, WithoutInstantPowerTheAverageIsTakenAndSaysSo) {
  const FakeNvml nvml;
  nvml->instant_result = 3;
  nvml->average_mw = 50'000;
  const FoundSensors found = nvml.find();
  Sensor* gauge = channel(found, kFirstPower);
  ASSERT_NE(gauge, nullptr);
  EXPECT_EQ(gauge->info().source, "POWER_AVERAGE");
  EXPECT_EQ(gauge->info().averaging_s, 1.0);
  EXPECT_DOUBLE_EQ(gauge->read()->watts, 50);
}

TEST(Nvml, UsageIsAnAverageOnNewBoardsOnly) {
  const FakeNvml nvml;
  nvml->instant_result = nvml->average_result = 3;
  nvml->usage_mw = 40'000;
  const auto window = [&](unsigned int architecture, const char* name) {
    nvml->architecture = architecture;
    nvml->name = name;
    const FoundSensors found = nvml.find();
    EXPECT_EQ(channel(found, kFirstPower)->info().source, "nvmlDeviceGetPowerUsage");
    return channel(found, kFirstPower)->info().averaging_s;
  };
  EXPECT_EQ(window(9, "NVIDIA H100"), 1.0);
  EXPECT_EQ(window(7, "NVIDIA RTX A3000"), 1.0);
  EXPECT_EQ(window(7, "NVIDIA A100-SXM4-40GB"), 0);
  EXPECT_EQ(window(5, "Tesla V100-SXM2-16GB"), 0);
}

TEST(Nvml, ABoardWithoutCounterHasItsGaugeAlone) {
  const FakeNvml nvml;
  nvml->energy_result = 3;
  nvml->instant_mw = 9'000;
  const FoundSensors found = nvml.find();
  ASSERT_THAT(found.sensors, SizeIs(1));
  EXPECT_EQ(found.sensors[0]->info().within, "");
  EXPECT_THAT(found.problems, IsEmpty());
}

TEST(Nvml, ABoardThatTellsNothingIsAProblem) {
  const FakeNvml nvml;
  nvml->energy_result = nvml->instant_result = nvml->average_result = nvml->usage_result = 3;
  const FoundSensors found = nvml.find();
  EXPECT_THAT(found.sensors, IsEmpty());
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].source, kFirst);
}

TEST(Nvml, ABoardThatFallsOffTheBusIsAnError) {
  const FakeNvml nvml;
  const FoundSensors found = nvml.find();
  nvml->energy_result = 15;
  const auto reading = channel(found, kFirst)->read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().category, ErrorCategory::kDevice);
  EXPECT_THAT(reading.error().message, HasSubstr("GPU is lost (15)"));
  EXPECT_THAT(reading.error().hint, HasSubstr("restart"));
}

TEST(Nvml, RefusalIsAPermission) {
  const FakeNvml nvml;
  nvml->energy_result = nvml->instant_result = nvml->average_result = nvml->usage_result = 4;
  const FoundSensors found = nvml.find();
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].category, ErrorCategory::kPermission);
  EXPECT_THAT(found.problems[0].fix, HasSubstr("/dev/nvidiactl"));
}

TEST(Nvml, EveryBoardIsFoundByItsOwnName) {
  const FakeNvml nvml;
  nvml->devices = 3;
  const FoundSensors found = nvml.find();
  EXPECT_THAT(found.sensors, SizeIs(6));
  EXPECT_NE(channel(found, "GPU-00000000-0000-0000-0000-000000000002"), nullptr);
}

TEST(Nvml, TheLibraryIsShutDownWithItsLastSensor) {
  const FakeNvml nvml;
  {
    FoundSensors found = nvml.find();
    ASSERT_THAT(found.sensors, SizeIs(2));
    found.sensors.pop_back();
    EXPECT_EQ(nvml->shutdowns, 0);
  }
  EXPECT_EQ(nvml->inits, 1);
  EXPECT_EQ(nvml->shutdowns, 1);
}

TEST(Nvml, OldLibrariesLackFunctionsAndStillWork) {
  const FakeNvml nvml("fake_nvml_old.so");
  nvml->usage_mw = 120'000;
  const FoundSensors found = nvml.find();
  ASSERT_THAT(found.sensors, SizeIs(1));
  EXPECT_EQ(found.sensors[0]->info().source, "nvmlDeviceGetPowerUsage");
  EXPECT_EQ(found.sensors[0]->info().rating_w, std::nullopt);
  EXPECT_DOUBLE_EQ(found.sensors[0]->read()->watts, 120);
}

TEST(Nvml, ALibraryWithoutDriverIsAbsentUntilItsDeviceIsThere) {
  FakeNvml nvml;
  nvml->init = 9;
  EXPECT_THAT(nvml.find().problems, IsEmpty());
  EXPECT_EQ(nvml->shutdowns, 0);  // nothing to shut down
  nvml.tree().write("/dev/nvidiactl", "");
  const FoundSensors found = nvml.find();
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].fix, "sudo modprobe nvidia");
}

TEST(Nvml, NoLibraryIsAbsentUnlessTheDeviceIsThere) {
  const SysfsTree tree;
  EXPECT_THAT(find_nvml(tree.host(), "no-such-library.so").problems, IsEmpty());
  tree.write("/dev/nvidiactl", "");
  const FoundSensors found = find_nvml(tree.host(), "no-such-library.so");
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_EQ(found.problems[0].category, ErrorCategory::kDevice);
}

TEST(Nvml, ALibraryOfAnotherKindIsAProblemAndNoCrash) {
  SysfsTree tree;
  tree.write("/dev/nvidiactl", "");
  const FoundSensors found = find_nvml(tree.host(), "libm.so.6");
  ASSERT_THAT(found.problems, SizeIs(1));
  EXPECT_THAT(found.problems[0].message, HasSubstr("lacks a function"));
}

TEST(Nvml, BelowAnotherRootThisMachinesLibraryIsNotAsked) {
  const SysfsTree tree;
  const FoundSensors found = kNvml.find(tree.host());
  EXPECT_THAT(found.sensors, IsEmpty());
  EXPECT_THAT(found.problems, IsEmpty());
}

}  // namespace
}  // namespace edgetran::profile::sensors
