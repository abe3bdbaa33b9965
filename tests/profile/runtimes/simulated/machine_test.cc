#include "profile/runtimes/simulated/machine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "laws.h"

namespace edgetran::profile::simulated {
namespace {

TEST(Machine, TheEnergyOfASessionIsTheIntegralOfTheLaw) {
  Machine machine;
  machine.set_law(plain_law());
  machine.add_reader();  // so that nothing is forgotten
  machine.clock().sleep_until(10);
  machine.load();
  machine.clock().sleep_until(20);
  for (int i = 0; i < 1000; ++i) machine.run(1 + 0.001 * i);
  machine.settle();
  // Rest, loading, rest with a model, and runs of 10 ms times the sum of their factors.
  const double run_s = 0.01 * (1000 + 0.001 * 999 * 1000 / 2);
  const double energy_j = 10 * 2 + 0.5 * 4 + 9.5 * 3 + run_s * 6;
  EXPECT_NEAR(machine.clock().now_s(), 20 + run_s, 1e-9);
  EXPECT_NEAR(machine.timeline().energy_j(machine.clock().now_s()) / energy_j, 1, 1e-9);
}

TEST(Machine, RestsWithoutTheModelOnceItIsUnloaded) {
  Machine machine;
  machine.set_law(plain_law());
  machine.load();
  machine.clock().advance(1);
  machine.unload();
  machine.clock().advance(1);
  machine.settle();
  EXPECT_DOUBLE_EQ(machine.timeline().power_w(1.5), 3);
  EXPECT_DOUBLE_EQ(machine.timeline().power_w(2.5), 2);
}

TEST(Machine, RestIsAsWarmAsRestingMakesIt) {
  Machine machine;
  machine.set_law(warm_law());
  EXPECT_DOUBLE_EQ(*machine.thermal_state().temperature_c, 15 + 10 * 2);
  machine.clock().advance(1e4);
  EXPECT_NEAR(*machine.thermal_state().temperature_c, 35, 1e-9);
}

TEST(Machine, WarmsAsAResistanceAndACapacityDo) {
  SimulatedLaw law = warm_law();
  law.thermal->limit_c = 500;
  law.thermal->resume_c = 400;
  law.load_s = 0;
  Machine machine;
  machine.set_law(law);
  machine.load();
  for (int i = 0; i < 1500; ++i) machine.run(1);  // 15 s
  const double expected_c = 75 + (35 - 75) * std::exp(-15.0 / 20);
  EXPECT_NEAR(*machine.thermal_state().temperature_c, expected_c, 1e-9);
}

TEST(Machine, SlowsDownAtItsLimitWithinTheRun) {
  SimulatedLaw law = warm_law();
  law.load_s = 0;
  law.mean_s = 40;  // one run, in whose course the limit is reached
  law.thermal->throttled_s = 80;
  law.thermal->resume_c = 50;  // which the slower clock's 55 degrees do not reach
  Machine machine;
  machine.set_law(law);
  machine.load();
  machine.run(1);
  // From 35 towards 75 degrees, 60 is reached after 20 s * ln(40 / 15); the rest is twice as slow.
  const double hot_s = 20 * std::log(40.0 / 15);
  EXPECT_NEAR(machine.clock().now_s(), hot_s + 2 * (40 - hot_s), 1e-9);
  const ThermalState state = machine.thermal_state();
  EXPECT_EQ(state.throttle_events, 1);
  const double slow_s = 2 * (40 - hot_s);
  EXPECT_NEAR(*state.frequency_share, (hot_s + 0.5 * slow_s) / (hot_s + slow_s), 1e-12);
}

TEST(Machine, TheClockRisesAgainWhenItIsCool) {
  Machine machine;
  machine.set_law(warm_law());
  machine.load();
  for (int i = 0; i < 10'000; ++i) machine.run(1);
  const ThermalState hot = machine.thermal_state();
  EXPECT_GT(*hot.throttle_events, 1);  // 55 degrees at the slower clock: it comes and goes
  EXPECT_LT(*hot.frequency_share, 1);
  EXPECT_LE(*hot.temperature_c, 60);
  machine.clock().advance(200);
  machine.thermal_state();
  const double before_s = machine.clock().now_s();
  machine.run(1);
  EXPECT_NEAR(machine.clock().now_s() - before_s, 0.01, 1e-9);
  EXPECT_DOUBLE_EQ(*machine.thermal_state().frequency_share, 1);
}

TEST(Machine, TheMeanClockIsThatSinceTheLastQuestion) {
  SimulatedLaw law = warm_law();
  law.thermal->resume_c = 50;  // below the 55 degrees of the slower clock: it stays
  Machine machine;
  machine.set_law(law);
  machine.load();
  for (int i = 0; i < 10'000; ++i) machine.run(1);
  EXPECT_GT(*machine.thermal_state().frequency_share, 0.5);
  machine.run(1);
  EXPECT_DOUBLE_EQ(*machine.thermal_state().frequency_share, 0.5);
}

TEST(Machine, WithoutALawOfHeatThereIsNoTemperature) {
  Machine machine;
  machine.set_law(plain_law());
  machine.load();
  for (int i = 0; i < 1000; ++i) machine.run(1);
  EXPECT_FALSE(machine.thermal_state().temperature_c);
  EXPECT_EQ(machine.thermal_state().throttle_events, 0);
}

}  // namespace
}  // namespace edgetran::profile::simulated
