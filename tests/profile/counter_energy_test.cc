// Counters: exact in whole ticks, or a fault.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "power_traces.h"
#include "profile/energy.h"

namespace edgetran::profile {
namespace {

using sensors::SyntheticSettings;

/// One reading a second of a counter that moves by `ticks` each, at 1 J a tick and no update period
/// to speak of; the first value is `start`.
PowerTrace steady_counter(uint64_t start, uint64_t ticks, uint64_t range, int seconds) {
  PowerTrace trace;
  trace.info.kind = SensorKind::kCounter;
  trace.info.joules_per_tick = 1;
  trace.info.range_ticks = range;
  trace.update_s = 1e-6;
  uint64_t value = start;
  for (int i = 0; i <= seconds; ++i) {
    trace.samples.push_back({double(i), double(i), {.ticks = value}, true});
    value = range == 0 ? value + ticks : (value + ticks) % range;
  }
  return trace;
}

std::string fault_of(const PowerTrace& trace, double start_s, double end_s) {
  const WindowEnergy window = window_energy(trace, start_s, end_s);
  if (window.fault != WindowFault::kNone) {  // with a fault every figure is 0
    EXPECT_EQ(window.energy_j, 0);
    EXPECT_EQ(window.mean_w, 0);
    EXPECT_EQ(window.edge_j, 0);
    EXPECT_EQ(window.updates, 0);
  }
  return std::string(fault_name(window.fault));
}

TEST(CounterEnergy, IsTheSumOfDifferencesInterpolatedAtTheEdges) {
  const WindowEnergy window = window_energy(steady_counter(0, 30, 0, 10), 2.25, 7.75);
  EXPECT_EQ(fault_name(window.fault), "");
  EXPECT_NEAR(window.energy_j, 30 * 5.5, 1e-4);  // the update's phase is half a microsecond
  EXPECT_NEAR(window.mean_w, 30, 1e-4);
  EXPECT_GE(window.edge_j, 0);
}

TEST(CounterEnergy, GainIsAShareOfTheEnergy) {
  PowerTrace trace = steady_counter(0, 30, 0, 10);
  EXPECT_EQ(window_energy(trace, 2, 7).gain_j, 0);
  trace.info.gain_error = 0.01;
  EXPECT_NEAR(window_energy(trace, 2, 7).gain_j, 1.96 * 0.01 * 150, 1e-3);
}

/// Figure B. The same load with a wrap at every phase of the window is the same energy, bit for
/// bit.
TEST(FigureB, AWrapAtAnyPhaseIsExact) {
  constexpr uint64_t kRange = 1'000'000;
  const WindowEnergy plain = window_energy(steady_counter(0, 997, kRange, 12), 1.3, 10.6);
  ASSERT_EQ(fault_name(plain.fault), "");
  for (uint64_t until_wrap = 1; until_wrap < 12 * 997; until_wrap += 7) {
    const PowerTrace trace = steady_counter(kRange - until_wrap, 997, kRange, 12);
    const WindowEnergy window = window_energy(trace, 1.3, 10.6);
    ASSERT_EQ(fault_name(window.fault), "") << until_wrap;
    ASSERT_EQ(window.energy_j, plain.energy_j) << until_wrap;
    ASSERT_EQ(window.edge_j, plain.edge_j) << until_wrap;
  }
}

TEST(FigureB, TwoWrapsInAWindowAreExact) {
  // 400 J a second of a range of 1 000 J: it wraps every 2.5 s, each wrap between two readings.
  constexpr uint64_t kRange = 1000;
  for (uint64_t start = 0; start < kRange; start += 3) {
    PowerTrace trace = steady_counter(start, 400, kRange, 6);
    trace.info.rating_w = 600;
    const WindowEnergy window = window_energy(trace, 0.5, 5.5);
    ASSERT_EQ(fault_name(window.fault), "") << start;
    ASSERT_NEAR(window.energy_j, 2000, 1e-3) << start;
  }
}

TEST(FigureB, ReadingsFurtherApartThanAWrapAreAFault) {
  // The counter may go round once in 1000 J / 600 W = 1.67 s; two seconds hide a wrap or two.
  for (uint64_t start = 0; start < 1000; start += 3) {
    PowerTrace trace = steady_counter(start, 400, 1000, 8);
    trace.info.rating_w = 600;
    trace.samples.erase(trace.samples.begin() + 4);
    ASSERT_EQ(fault_of(trace, 0.5, 7.5), "WRAP_UNKNOWN") << start;
    ASSERT_EQ(fault_of(trace, 3.2, 3.4), "WRAP_UNKNOWN") << start;
    ASSERT_EQ(fault_of(trace, 0.5, 2.5), "") << start;
  }
}

TEST(FigureB, WithoutARatingACapStands) {
  PowerTrace trace = steady_counter(0, 10, 9'000, 4);  // 9 kJ: at 10 kW in 0.9 s
  EXPECT_EQ(fault_of(trace, 0.5, 3.5), "WRAP_UNKNOWN");
  trace.info.range_ticks = 11'000;
  EXPECT_EQ(fault_of(trace, 0.5, 3.5), "");
  EXPECT_EQ(largest_power_w(trace.info), 10e3);
}

/// The synthetic sensor through a 32-bit microjoule counter, with edges anywhere.
TEST(FigureB, WrapsOfASensorNeitherChangeNorDelayTheEnergy) {
  SyntheticSettings settings;
  settings.kind = "counter";
  settings.shape = "square";
  settings.base_w = 20;
  settings.swing_w = 40;
  settings.period_s = 0.37;
  settings.update_s = 0.001;
  settings.resolution = 1e-6;
  settings.range_ticks = int64_t{1} << 32;
  settings.rating_w = 200;
  const auto measure = [&settings](int64_t start_ticks) {
    settings.start_ticks = start_ticks;
    TraceMaker maker(settings);
    maker.sample(0, 4, 0.25);
    return window_energy(maker.trace(), 0.61, 3.3);
  };
  const WindowEnergy plain = measure(0);
  ASSERT_EQ(fault_name(plain.fault), "");
  for (int64_t until_wrap = 100'000; until_wrap < 170'000'000; until_wrap += 900'001) {
    const WindowEnergy window = measure(settings.range_ticks - until_wrap);
    ASSERT_EQ(fault_name(window.fault), "");
    ASSERT_EQ(window.energy_j, plain.energy_j) << until_wrap;
  }
}

TEST(CounterEnergy, AWrapOfTheFullRangeIsExact) {
  const WindowEnergy plain = window_energy(steady_counter(5, 30, 0, 4), 0.5, 3.5);
  const WindowEnergy wrapped =
      window_energy(steady_counter(std::numeric_limits<uint64_t>::max() - 50, 30, 0, 4), 0.5, 3.5);
  EXPECT_EQ(wrapped.energy_j, plain.energy_j);
}

TEST(CounterEnergy, MorePowerThanTheRatingIsImpossible) {
  PowerTrace trace = steady_counter(0, 30, 1'000'000, 6);
  trace.info.rating_w = 29;  // with a tick and an update period to spare
  EXPECT_EQ(fault_of(trace, 0.5, 5.5), "");
  trace.info.rating_w = 28;
  EXPECT_EQ(fault_of(trace, 0.5, 5.5), "IMPOSSIBLE");
}

TEST(CounterEnergy, AResetIsNoWrap) {
  for (const uint64_t range : {uint64_t{0}, uint64_t{1} << 32}) {
    PowerTrace trace = steady_counter(1000, 30, range, 8);
    trace.info.rating_w = 100;
    for (size_t i = 4; i < trace.samples.size(); ++i) trace.samples[i].value.ticks = 30 * (i - 4);
    EXPECT_EQ(fault_of(trace, 0.5, 7.5), "IMPOSSIBLE");
    EXPECT_EQ(fault_of(trace, 4.5, 7.5), "");
  }
}

TEST(CounterEnergy, AValueOutsideTheRangeIsImpossible) {
  PowerTrace trace = steady_counter(0, 30, 1'000'000, 6);
  trace.samples[3].value.ticks = 1'000'000;
  EXPECT_EQ(fault_of(trace, 0.5, 5.5), "IMPOSSIBLE");
}

TEST(CounterEnergy, ACounterThatStandsStillIsStuckAndNotZero) {
  EXPECT_EQ(fault_of(steady_counter(77, 0, 0, 6), 0.5, 5.5), "STUCK");
  PowerTrace trace = steady_counter(0, 30, 0, 9);  // moves, but not around the window
  for (size_t i = 3; i < 8; ++i) trace.samples[i].value.ticks = 90;
  EXPECT_EQ(fault_of(trace, 4, 6), "STUCK");
}

TEST(CounterEnergy, FailedReadingsInsideOrBesideAreAFault) {
  for (const size_t bad : {1, 3, 5}) {
    PowerTrace trace = steady_counter(0, 30, 0, 9);
    trace.samples[bad].valid = false;
    EXPECT_EQ(fault_of(trace, 1.5, 4.5), "READ_ERROR") << bad;
    EXPECT_EQ(fault_of(trace, 6.5, 7.5), "") << bad;
  }
}

TEST(CounterEnergy, WindowsThatTheTraceDoesNotCoverAreAFault) {
  const PowerTrace trace = steady_counter(0, 30, 0, 6);
  EXPECT_EQ(fault_of(trace, -1, 3), "NOT_COVERED");
  EXPECT_EQ(fault_of(trace, 3, 6.5), "NOT_COVERED");
  EXPECT_EQ(fault_of(trace, -3, -2), "NOT_COVERED");
  EXPECT_EQ(fault_of(trace, 8, 9), "NOT_COVERED");
  EXPECT_EQ(fault_of(trace, 3, 3), "NOT_COVERED");
  EXPECT_EQ(fault_of(PowerTrace{}, 0, 1), "NOT_COVERED");
  EXPECT_EQ(fault_of(steady_counter(0, 30, 0, 0), 0, 1), "NOT_COVERED");
}

TEST(CounterEnergy, TimesThatGoBackwardsAreAFault) {
  PowerTrace trace = steady_counter(0, 30, 0, 6);
  EXPECT_EQ(fault_of(trace, 4, 2), "CLOCK");
  EXPECT_EQ(fault_of(trace, NAN, 2), "CLOCK");
  EXPECT_EQ(fault_of(trace, 1, INFINITY), "CLOCK");
  trace.samples[3].before_s = trace.samples[3].after_s = 1.5;
  EXPECT_EQ(fault_of(trace, 0.5, 5.5), "CLOCK");
  trace = steady_counter(0, 30, 0, 6);
  trace.samples[3].after_s = 2.9;
  EXPECT_EQ(fault_of(trace, 0.5, 5.5), "CLOCK");
}

TEST(CounterEnergy, ASensorDescribedWithoutSenseIsAFault) {
  for (const double tick_j : {0.0, -1.0, std::nan(""), double(INFINITY)}) {
    PowerTrace trace = steady_counter(0, 30, 0, 6);
    trace.info.joules_per_tick = tick_j;
    EXPECT_EQ(fault_of(trace, 0.5, 5.5), "IMPOSSIBLE");
  }
  PowerTrace trace = steady_counter(0, 30, 0, 6);
  trace.update_s = INFINITY;
  EXPECT_EQ(fault_of(trace, 0.5, 5.5), "CLOCK");
}

TEST(CounterEnergy, UpdatesAreThePeriodsThatFit) {
  PowerTrace trace = steady_counter(0, 3000, 0, 6);
  trace.update_s = 0.01;
  EXPECT_EQ(window_energy(trace, 1, 3).updates, 200);
  trace.update_s = 0.2;
  EXPECT_EQ(window_energy(trace, 1, 3).updates, 10);
  trace = steady_counter(0, 3, 0, 6);  // three ticks a second change three times a second
  trace.update_s = 0.01;
  EXPECT_EQ(window_energy(trace, 1, 3).updates, 6);
  trace.update_s = 0;  // not known: what was seen to change
  EXPECT_LE(window_energy(trace, 1, 4).updates, 4);
}

TEST(CounterEnergy, EdgesFarFromReadingsAreLessCertain) {
  PowerTrace trace = steady_counter(0, 30, 0, 6);
  trace.update_s = 0.001;
  const double near_j = window_energy(trace, 1.001, 4.001).edge_j;
  const double far_j = window_energy(trace, 1.5, 4.5).edge_j;
  EXPECT_GT(far_j, 5 * near_j);
  for (PowerSample& sample : trace.samples) sample.before_s -= 0.1;  // slow readings, too
  EXPECT_GT(window_energy(trace, 1.001, 4.001).edge_j, 1.5 * near_j);
}

TEST(CounterEnergy, ASlowReadingLeavesItsMomentInDoubt) {
  PowerTrace trace = steady_counter(0, 30, 0, 6);
  for (PowerSample& sample : trace.samples) {
    sample.before_s -= 0.1;
    sample.after_s += 0.1;
  }
  // Both edges at the middle of a reading: uniform over 0.2 s at 30 W whose own deviation is taken
  // as 30 W, and over one tick of 1 J.
  const double variance_j2 = 2 * (30.0 * 30 + 30.0 * 30) * 0.2 * 0.2 / 12 + 2.0 / 12;
  EXPECT_NEAR(window_energy(trace, 1, 4).edge_j, 2.3 * std::sqrt(variance_j2), 0.01);
  trace.info.rating_w = 40;  // at most 40 W: a mean of 30 W deviates by sqrt(30 * 10)
  const double rated_j2 = 2 * (30.0 * 30 + 30.0 * 10) * 0.2 * 0.2 / 12 + 2.0 / 12;
  EXPECT_NEAR(window_energy(trace, 1, 4).edge_j, 2.3 * std::sqrt(rated_j2), 0.01);
}

TEST(CounterPeak, IsTheLargestMeanOverTheBandwidth) {
  PowerTrace trace = steady_counter(0, 10, 0, 20);
  for (size_t i = 8; i < trace.samples.size(); ++i) trace.samples[i].value.ticks += 40;
  for (size_t i = 9; i < trace.samples.size(); ++i) trace.samples[i].value.ticks += 20;
  // Seconds 7 to 8: 50 W; 8 to 9: 30 W; all others 10 W.
  EXPECT_NEAR(*peak_power(trace, 2, 18, 1), 50, 1e-3);
  EXPECT_NEAR(*peak_power(trace, 2, 18, 2), 40, 1e-3);
  EXPECT_NEAR(*peak_power(trace, 2, 18, 4), 25, 1e-3);
  EXPECT_NEAR(*peak_power(trace, 7.5, 18, 1), 40, 1e-3);
  EXPECT_NEAR(*peak_power(trace, 10, 18, 4), 10, 1e-3);
  EXPECT_FALSE(peak_power(trace, 2, 18, 0.5));  // readings are a second apart
  EXPECT_FALSE(peak_power(trace, 2, 4, 3));     // the window is shorter
  EXPECT_FALSE(peak_power(trace, 2, 21, 1));    // not covered
  EXPECT_FALSE(peak_power(trace, 2, 18, 0));
  EXPECT_FALSE(peak_power(trace, 2, 18, NAN));
  trace.update_s = 0.2;
  EXPECT_FALSE(peak_power(trace, 2, 18, 1.9));
  EXPECT_TRUE(peak_power(trace, 2, 18, 2));
}

}  // namespace
}  // namespace edgetran::profile
