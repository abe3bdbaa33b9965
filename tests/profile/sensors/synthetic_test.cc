#include "profile/sensors/synthetic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/config.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {
namespace {

SyntheticSettings settings_of(const std::string& shape) {
  SyntheticSettings settings;
  settings.shape = shape;
  settings.base_w = 5;
  settings.swing_w = 20;
  settings.period_s = 0.9;
  settings.duty = 0.3;
  settings.phase_s = shape == "drift" ? 0 : 0.123;
  settings.seed = 7;
  settings.update_s = 0;
  return settings;
}

/// A reading at a moment of a fresh sensor's clock.
base::Result<Reading> read_at(const SyntheticSettings& settings, double time_s) {
  base::ManualClock clock(1000);
  SyntheticSensor sensor(settings, clock);
  clock.advance(time_s);
  return sensor.read();
}

TEST(Waveform, ItsEnergyIsTheIntegralOfItsPower) {
  constexpr int kSteps = 400'000;
  for (const std::string& shape : waveform_shapes()) {
    SCOPED_TRACE(shape);
    const Waveform waveform = settings_of(shape);
    const double from_s = -1.1, to_s = 3.7, step_s = (to_s - from_s) / kSteps;
    double sum_j = 0;
    for (int i = 0; i < kSteps; ++i) {
      sum_j += waveform_power_w(waveform, from_s + (i + 0.5) * step_s) * step_s;
    }
    const double exact_j = waveform_energy_j(waveform, to_s) - waveform_energy_j(waveform, from_s);
    // Midpoints miss at most half a step at each of the fourteen jumps.
    EXPECT_NEAR(exact_j, sum_j, 14 * 20 * step_s / 2);
    EXPECT_EQ(waveform_energy_j(waveform, 0), 0);
  }
}

TEST(Waveform, BurstsComeOnceAPeriodAtDifferentMoments) {
  Waveform waveform = settings_of("bursts");
  waveform.phase_s = 0;
  std::vector<double> moments;
  for (int period = 0; period < 5; ++period) {
    const double begin_s = period * 0.9;
    EXPECT_NEAR(waveform_energy_j(waveform, begin_s + 0.9) - waveform_energy_j(waveform, begin_s),
                5 * 0.9 + 20 * 0.27, 1e-9);
    double into_s = 0;
    while (waveform_power_w(waveform, begin_s + into_s) < 25) into_s += 1e-3;
    moments.push_back(into_s);
  }
  std::sort(moments.begin(), moments.end());
  EXPECT_GT(moments.back() - moments.front(), 0.1);
}

TEST(SyntheticSensor, ShowsTheValueOfTheLastUpdate) {
  SyntheticSettings settings = settings_of("sawtooth");
  settings.update_s = 0.1;
  settings.update_phase_s = 0.02;
  EXPECT_DOUBLE_EQ(read_at(settings, 0.319)->watts, waveform_power_w(settings, 0.22));
  EXPECT_DOUBLE_EQ(read_at(settings, 0.321)->watts, waveform_power_w(settings, 0.32));
}

TEST(SyntheticSensor, AveragesOverTheTimeBefore) {
  SyntheticSettings settings = settings_of("square");
  settings.averaging_s = 0.5;
  const double mean_w = (waveform_energy_j(settings, 2.2) - waveform_energy_j(settings, 1.7)) / 0.5;
  EXPECT_NEAR(read_at(settings, 2.2)->watts, mean_w, 1e-9);
}

TEST(SyntheticSensor, RoundsAGaugeAndCountsWholeTicks) {
  SyntheticSettings settings = settings_of("constant");
  settings.resolution = 2;
  EXPECT_EQ(read_at(settings, 1)->watts, 6);  // 5 W, half up
  settings.kind = "counter";
  settings.start_ticks = 100;
  EXPECT_EQ(read_at(settings, 1)->ticks, 102);  // 5 J in ticks of 2 J
}

TEST(SyntheticSensor, WrapsAfterItsRange) {
  SyntheticSettings settings = settings_of("constant");
  settings.kind = "counter";
  settings.resolution = 1;
  settings.range_ticks = 64;
  settings.start_ticks = 60;
  EXPECT_EQ(read_at(settings, 0.7)->ticks, 63);
  EXPECT_EQ(read_at(settings, 0.9)->ticks, 0);
  EXPECT_EQ(read_at(settings, 14)->ticks, 2);  // 70 J later
}

TEST(SyntheticSensor, TakesTimeToReadAndTheValueSomewhereInIt) {
  SyntheticSettings settings = settings_of("drift");
  settings.read_s = 0.2;
  base::ManualClock clock;
  SyntheticSensor sensor(settings, clock);
  clock.advance(0.1);
  const auto reading = sensor.read();
  EXPECT_DOUBLE_EQ(clock.now_s(), 0.3);
  EXPECT_GE(reading->watts, waveform_power_w(settings, 0.1));
  EXPECT_LE(reading->watts, waveform_power_w(settings, 0.3));
}

TEST(SyntheticSensor, KnowsTheEnergyOfAnyIntervalOfItsClock) {
  base::ManualClock clock(1000);
  const SyntheticSettings settings = settings_of("square");
  const SyntheticSensor sensor(settings, clock);
  EXPECT_NEAR(sensor.energy_j(1000.5, 1002.5),
              waveform_energy_j(settings, 2.5) - waveform_energy_j(settings, 0.5), 1e-9);
}

TEST(SyntheticSensor, InjectsFaultsForTheirTime) {
  SyntheticSettings settings = settings_of("constant");
  settings.fault_at_s = 1;
  settings.fault_for_s = 0.5;
  settings.fault_size = 3;
  settings.fault = "nan";
  EXPECT_TRUE(std::isnan(read_at(settings, 1.2)->watts));
  EXPECT_EQ(read_at(settings, 0.9)->watts, 5);
  EXPECT_EQ(read_at(settings, 1.6)->watts, 5);
  settings.fault = "spike";
  EXPECT_EQ(read_at(settings, 1.2)->watts, 15);
  EXPECT_EQ(read_at(settings, 1.6)->watts, 5);
  settings.fault = "error";
  EXPECT_EQ(read_at(settings, 1.2).error().category, base::ErrorCategory::kDevice);
  EXPECT_TRUE(read_at(settings, 1.6));
  settings.fault = "drift";
  EXPECT_DOUBLE_EQ(read_at(settings, 2)->watts, 20);  // three times more a second
}

TEST(SyntheticSensor, InjectsFaultsOfCounters) {
  SyntheticSettings settings = settings_of("constant");
  settings.kind = "counter";
  settings.resolution = 1;
  settings.start_ticks = 1000;
  settings.fault_at_s = 1;
  settings.fault_for_s = 0.5;
  settings.fault_size = 300;
  settings.fault = "spike";
  EXPECT_EQ(read_at(settings, 1.3)->ticks, 1306);
  EXPECT_EQ(read_at(settings, 1.7)->ticks, 1008);
  settings.fault = "reset";
  EXPECT_EQ(read_at(settings, 0.9)->ticks, 1004);
  EXPECT_EQ(read_at(settings, 3.1)->ticks, 10);
}

TEST(SyntheticSensor, AGapBlocksOneReading) {
  SyntheticSettings settings = settings_of("constant");
  settings.fault = "gap";
  settings.fault_at_s = 1;
  settings.fault_for_s = 0.5;
  base::ManualClock clock;
  SyntheticSensor sensor(settings, clock);
  clock.advance(1.1);
  EXPECT_TRUE(sensor.read());
  EXPECT_DOUBLE_EQ(clock.now_s(), 1.6);
  EXPECT_TRUE(sensor.read());
  EXPECT_DOUBLE_EQ(clock.now_s(), 1.6);
}

const SensorDriver& driver() {
  const auto& all = sensor_drivers();
  return *std::find_if(all.begin(), all.end(),
                       [](const SensorDriver& d) { return d.name == "synthetic"; });
}

base::Result<std::unique_ptr<Sensor>> make(const std::string& yaml) {
  const auto value = base::ConfigValue::parse_yaml(yaml, "card.yaml");
  auto map = base::ConfigMap::of(*value);
  auto sensor = driver().make({}, *map);
  EXPECT_TRUE(!sensor || map->finish());
  return sensor;
}

TEST(SyntheticDriver, IsDeclaredAndNeverFound) {
  const FoundSensors found = driver().find({});
  EXPECT_TRUE(found.sensors.empty());
  EXPECT_TRUE(found.problems.empty());
}

TEST(SyntheticDriver, MakesASensorOfACardsKeys) {
  const auto sensor = make("kind: counter\nbase_w: 12\nresolution: 0.5\nrange_ticks: 4096\n");
  ASSERT_TRUE(sensor);
  EXPECT_EQ((*sensor)->info().kind, SensorKind::kCounter);
  EXPECT_EQ((*sensor)->info().joules_per_tick, 0.5);
  EXPECT_EQ((*sensor)->info().range_ticks, 4096);
  EXPECT_TRUE((*sensor)->read());
}

TEST(SyntheticDriver, RefusesWhatIsOutOfRangeAtItsPlace) {
  const auto shape = make("shape: sinus\n");
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().category, base::ErrorCategory::kUsage);
  EXPECT_NE(shape.error().message.find("card.yaml:1:"), std::string::npos);
  const auto ticks = make("kind: counter\nrange_ticks: 10\nstart_ticks: 10\n");
  ASSERT_FALSE(ticks);
  EXPECT_NE(ticks.error().message.find("start_ticks is 10"), std::string::npos);
  EXPECT_FALSE(make("kind: counter\nfault: nan\n"));
  EXPECT_FALSE(make("kind: gauge\nfault: reset\n"));
  EXPECT_TRUE(make("kind: counter\nfault: reset\n"));
}

}  // namespace
}  // namespace edgetran::profile::sensors
