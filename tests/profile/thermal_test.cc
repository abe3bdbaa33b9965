#include "profile/thermal.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace edgetran::profile {
namespace {

class ThermalTest : public ::testing::Test {
 protected:
  ThermalTest() : folder_(std::move(*base::TemporaryFolder::create("thermal-test"))) {}
  void put(const std::string& path, const std::string& text) {
    const auto file = folder_.path() / path;
    ASSERT_TRUE(base::make_folder(file.parent_path()));
    ASSERT_TRUE(base::write_file_atomic(file, text));
  }
  ThermalState read() const { return read_thermal(folder_.path()); }
  base::TemporaryFolder folder_;
};

TEST_F(ThermalTest, AMachineThatShowsNothingIsNotKnown) {
  const ThermalState state = read();
  EXPECT_FALSE(state.temperature_c);
  EXPECT_FALSE(state.throttle_events);
  EXPECT_FALSE(state.cooling_state);
  EXPECT_FALSE(state.frequency_share);
  EXPECT_FALSE(throttled(state, state));
}

TEST_F(ThermalTest, TheHottestZoneCountsAndZonesWithoutAThermometerDoNot) {
  put("sys/class/thermal/thermal_zone0/temp", "45500\n");
  put("sys/class/thermal/thermal_zone1/temp", "61250\n");
  put("sys/class/thermal/thermal_zone2/temp", "-274000\n");
  put("sys/class/thermal/thermal_zone3/temp", "255000\n");
  put("sys/class/thermal/thermal_zone4/temp", "");
  EXPECT_DOUBLE_EQ(*read().temperature_c, 61.25);
}

TEST_F(ThermalTest, ThrottleCountersOfAllProcessorsAreSummed) {
  put("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
  put("sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count", "10\n");
  put("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "4\n");
  put("sys/devices/system/cpu/cpuidle/thermal_throttle/core_throttle_count", "99\n");
  const ThermalState before = read();
  EXPECT_EQ(*before.throttle_events, 17);
  put("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "5\n");
  EXPECT_TRUE(throttled(before, read()));
}

TEST_F(ThermalTest, AFanThatTurnsFasterIsNoThrottlingAndAPassiveDeviceIs) {
  put("sys/class/thermal/cooling_device0/type", "pwm-fan\n");
  put("sys/class/thermal/cooling_device0/cur_state", "1\n");
  put("sys/class/thermal/cooling_device1/type", "cpufreq-cpu0\n");
  put("sys/class/thermal/cooling_device1/cur_state", "0\n");
  const ThermalState before = read();
  put("sys/class/thermal/cooling_device0/cur_state", "4\n");
  EXPECT_FALSE(throttled(before, read()));
  put("sys/class/thermal/cooling_device1/cur_state", "2\n");
  EXPECT_TRUE(throttled(before, read()));
}

TEST_F(ThermalTest, TheFastestCoreTellsTheFrequencyAgainstItsBase) {
  put("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "800000\n");
  put("sys/devices/system/cpu/cpu0/cpufreq/base_frequency", "2000000\n");
  put("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "4000000\n");
  put("sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "3000000\n");
  put("sys/devices/system/cpu/cpu1/cpufreq/base_frequency", "2000000\n");
  EXPECT_DOUBLE_EQ(*read().frequency_share, 1.5);
  put("sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "1700000\n");
  EXPECT_TRUE(throttled(ThermalState(), read()));
}

TEST_F(ThermalTest, ABoardWithoutTurboIsHeldAgainstItsLargestFrequency) {
  put("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1500000\n");
  put("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "1500000\n");
  EXPECT_FALSE(throttled(ThermalState(), read()));
  put("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1000000\n");
  EXPECT_TRUE(throttled(ThermalState(), read()));
}

TEST_F(ThermalTest, TheRaspberryPisFirmwareSaysItsPresentLimits) {
  // Bits 16 and up remember the past and change nothing now.
  put("sys/devices/platform/soc/soc:firmware/get_throttled", "50000\n");
  const ThermalState before = read();
  EXPECT_EQ(*before.cooling_state, 0);
  put("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n");
  EXPECT_TRUE(throttled(before, read()));
}

TEST_F(ThermalTest, RoundTripsAsJson) {
  ThermalState state;
  state.temperature_c = 55.5;
  state.throttle_events = 3;
  const ThermalState back = thermal_from_json(thermal_json(state));
  EXPECT_EQ(thermal_json(back), thermal_json(state));
  EXPECT_FALSE(back.frequency_share);
}

}  // namespace
}  // namespace edgetran::profile
