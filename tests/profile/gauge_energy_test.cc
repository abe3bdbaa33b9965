#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "power_traces.h"
#include "profile/energy.h"

namespace edgetran::profile {
namespace {

using sensors::SyntheticSettings;

/// A value every second, taken at the moment of reading.
PowerTrace gauge_trace(const std::vector<double>& watts) {
  PowerTrace trace;
  trace.update_s = 1e-6;
  for (size_t i = 0; i < watts.size(); ++i) {
    const auto time_s = static_cast<double>(i);
    trace.samples.push_back({time_s, time_s, {.watts = watts[i]}, true});
  }
  return trace;
}

std::string fault_of(const PowerTrace& trace, double start_s, double end_s) {
  return std::string(fault_name(window_energy(trace, start_s, end_s).fault));
}

TEST(GaugeEnergy, IsTheTrapezoidsInterpolatedAtTheEdges) {
  const PowerTrace trace = gauge_trace({0, 10, 30, 30, 20, 0, 0});
  // 0.5 to 1: (5 + 10) / 2 * 0.5; 1 to 2: 20; 2 to 3: 30; 3 to 4: 25; 4 to 4.5: (20 + 10) / 2 * 0.5
  const WindowEnergy window = window_energy(trace, 0.5, 4.5);
  EXPECT_EQ(fault_name(window.fault), "");
  EXPECT_NEAR(window.energy_j, 3.75 + 20 + 30 + 25 + 7.5, 1e-4);
  EXPECT_NEAR(window.mean_w, window.energy_j / 4, 1e-12);
  EXPECT_GT(window.edge_j, 0);
}

TEST(GaugeEnergy, PlacesAValueInTheMiddleOfWhatItSpeaksFor) {
  // A ramp of 10 W/s, shown up to 0.2 s late and averaged over 0.4 s: on average 0.3 s late.
  SyntheticSettings settings;
  settings.shape = "drift";
  settings.base_w = 0;
  settings.swing_w = 1000;
  settings.period_s = 100;
  settings.update_s = 0.2;
  settings.averaging_s = 0.4;
  double sum = 0;
  for (int phase = 0; phase < 20; ++phase) {
    settings.update_phase_s = 0.01 * phase;
    TraceMaker maker(settings);
    maker.sample(0, 60, 0.2);
    const WindowEnergy window = window_energy(maker.trace(), 11, 51);
    const double error_j = window.energy_j - maker.energy_j(11, 51);
    EXPECT_LE(std::abs(error_j), window.edge_j);
    EXPECT_LE(std::abs(error_j), 40 * 0.1 * 10 + 1e-6);  // half an update period of lag
    sum += error_j;
  }
  EXPECT_LE(std::abs(sum / 20), 40 * 0.006 * 10);
}

TEST(GaugeEnergy, StaleDuplicatesMoveNothing) {
  SyntheticSettings settings;
  settings.shape = "sawtooth";
  settings.swing_w = 30;
  settings.period_s = 1.3;
  settings.update_s = 0.02;
  settings.update_phase_s = 0.007;
  const auto measure = [&settings](double sampling_s) {
    TraceMaker maker(settings);
    maker.sample(0, 5, sampling_s);
    const WindowEnergy window = window_energy(maker.trace(), 0.5, 4.5);
    EXPECT_EQ(fault_name(window.fault), "");
    EXPECT_NEAR(window.energy_j, maker.energy_j(0.5, 4.5), 0.01 * window.energy_j);
    return window;
  };
  const WindowEnergy quick = measure(0.001), locked = measure(0.02);
  EXPECT_EQ(quick.updates, 200);
  EXPECT_NEAR(static_cast<double>(locked.updates), 200, 1);
  // Reading the same updates more often does not see more of what lies between them.
  EXPECT_GT(quick.edge_j, 0.6 * locked.edge_j);
  EXPECT_LE(quick.edge_j, 1.1 * locked.edge_j);
}

TEST(GaugeEnergy, AConstantLoadIsNeitherAGapNorUndersampled) {
  for (const double sampling_s : {0.001, 0.006, 0.0099, 0.01, 0.0101, 0.015}) {
    SCOPED_TRACE(sampling_s);
    SyntheticSettings settings;
    settings.base_w = 12.3;
    settings.resolution = 0.5;
    TraceMaker maker(settings);
    maker.sample(0, 3, sampling_s);
    const WindowEnergy window = window_energy(maker.trace(), 0.5, 2.5);
    ASSERT_EQ(fault_name(window.fault), "");
    EXPECT_NEAR(window.energy_j, 12.5 * 2, 1e-9);
    EXPECT_LE(std::abs(window.energy_j - 12.3 * 2), window.edge_j);  // a rounded value says so
    EXPECT_GE(window.updates, sampling_s > 0.01 ? 130 : 199);
    EXPECT_LE(window.updates, 200);
  }
}

TEST(GaugeEnergy, RoundingIsCoveredForAnyConstantLoad) {
  base::RandomStream random(3, "test.rounding");
  int covered = 0;
  for (int i = 0; i < 1000; ++i) {
    SyntheticSettings settings;
    settings.base_w = random.uniform(5, 20);
    settings.resolution = 0.5;
    TraceMaker maker(settings);
    maker.sample(0, 3, 0.01);
    const WindowEnergy window = window_energy(maker.trace(), 0.5, 2.5);
    covered += std::abs(window.energy_j - 2 * settings.base_w) <= window.edge_j ? 1 : 0;
  }
  EXPECT_GE(covered, 950);
}

TEST(GaugeEnergy, AnUnknownPeriodCountsChanges) {
  PowerTrace trace = gauge_trace({10, 11, 11, 12, 12, 12, 13, 13, 14, 15});
  trace.update_s = 0;
  const WindowEnergy window = window_energy(trace, 1, 8);
  EXPECT_EQ(fault_name(window.fault), "");
  EXPECT_GE(window.updates, 3);
  EXPECT_LE(window.updates, 4);
}

TEST(GaugeEnergy, SilenceOfMoreThanThreePeriodsIsAGap) {
  PowerTrace trace = gauge_trace(std::vector<double>(20, 10));
  trace.samples.erase(trace.samples.begin() + 5, trace.samples.begin() + 7);
  EXPECT_EQ(fault_of(trace, 2.5, 12.5), "");
  trace.samples.erase(trace.samples.begin() + 5);
  EXPECT_EQ(fault_of(trace, 2.5, 12.5), "GAP");
  EXPECT_EQ(fault_of(trace, 9.5, 12.5), "");
}

TEST(GaugeEnergy, ValuesThatAreNoNumbersAreReadErrors) {
  for (const double bad : {std::nan(""), double(INFINITY), -double(INFINITY)}) {
    PowerTrace trace = gauge_trace(std::vector<double>(10, 10));
    trace.samples[4].value.watts = bad;
    EXPECT_EQ(fault_of(trace, 2.5, 7.5), "READ_ERROR");
    EXPECT_EQ(fault_of(trace, 3.5, 7.5), "READ_ERROR");
    EXPECT_EQ(fault_of(trace, 5.5, 7.5), "");
  }
  PowerTrace trace = gauge_trace(std::vector<double>(10, 10));
  trace.samples[4].valid = false;
  EXPECT_EQ(fault_of(trace, 2.5, 7.5), "READ_ERROR");
}

TEST(GaugeEnergy, PowerAboveTheRatingOrBelowZeroIsImpossible) {
  PowerTrace trace = gauge_trace(std::vector<double>(10, 10));
  trace.samples[4].value.watts = 99;
  EXPECT_EQ(fault_of(trace, 2.5, 7.5), "");
  trace.info.rating_w = 90;
  EXPECT_EQ(fault_of(trace, 2.5, 7.5), "IMPOSSIBLE");
  trace.samples[4].value.watts = -1;
  EXPECT_EQ(fault_of(trace, 2.5, 7.5), "IMPOSSIBLE");
  trace.info.resolution_w = 1;  // a step below nothing is noise, and counts as nothing
  const WindowEnergy window = window_energy(trace, 2.5, 7.5);
  EXPECT_EQ(fault_name(window.fault), "");
  EXPECT_NEAR(window.energy_j, 40, 1e-4);
}

TEST(GaugeEnergy, ARailThatIsOffIsZero) {
  const WindowEnergy window = window_energy(gauge_trace(std::vector<double>(10, 0)), 2.5, 7.5);
  EXPECT_EQ(fault_name(window.fault), "");
  EXPECT_EQ(window.energy_j, 0);
}

TEST(GaugeEnergy, WindowsThatTheTraceDoesNotCoverAreAFault) {
  const PowerTrace trace = gauge_trace(std::vector<double>(10, 10));
  EXPECT_EQ(fault_of(trace, -1, 3), "NOT_COVERED");
  EXPECT_EQ(fault_of(trace, 3, 9.5), "NOT_COVERED");
  EXPECT_EQ(fault_of(trace, 3, 3), "NOT_COVERED");
  EXPECT_EQ(fault_of(trace, 5, 4), "CLOCK");
}

TEST(GaugeEnergy, BurstsBetweenUpdatesWidenTheInterval) {
  const std::vector<double> calm(40, 10);
  std::vector<double> bursts = calm;
  for (size_t i = 3; i < 40; i += 7) bursts[i] = 50;
  EXPECT_LT(window_energy(gauge_trace(calm), 2, 38).edge_j, 1e-3);
  EXPECT_GT(window_energy(gauge_trace(bursts), 2, 38).edge_j, 40);
}

/// A square wave in step with the updates: each of its periods is wrong by the same part of one.
TEST(GaugeEnergy, ALoadInStepWithTheUpdatesIsCovered) {
  base::RandomStream random(4, "test.in_step");
  int covered = 0, off = 0;
  constexpr int kPhases = 500;
  for (int i = 0; i < kPhases; ++i) {
    SyntheticSettings settings;
    settings.shape = "square";
    settings.swing_w = 10;
    settings.period_s = 5 * settings.update_s;
    settings.phase_s = random.uniform(0, 0.05);
    settings.update_phase_s = random.uniform(0, 0.01);
    TraceMaker maker(settings);
    maker.sample(0.0001, 3, 0.01);
    const double start_s = random.uniform(0.2, 0.3), truth_j = maker.energy_j(start_s, start_s + 2);
    const WindowEnergy window = window_energy(maker.trace(), start_s, start_s + 2);
    const double error_j = std::abs(window.energy_j - truth_j);
    covered += error_j <= window.edge_j ? 1 : 0;
    off += error_j > 0.01 * truth_j ? 1 : 0;
  }
  EXPECT_GE(covered, 0.95 * kPhases);
  EXPECT_GE(off, 0.5 * kPhases);  // and it is in need of that
}

TEST(InjectedFaults, OfASensorAreSeenInTheWindowsTheyTouch) {
  for (const auto& [fault, seen] :
       std::vector<std::pair<std::string, std::string>>{{"gap", "GAP"},
                                                        {"nan", "READ_ERROR"},
                                                        {"error", "READ_ERROR"},
                                                        {"spike", "IMPOSSIBLE"}}) {
    SCOPED_TRACE(fault);
    SyntheticSettings settings;
    settings.rating_w = 100;
    settings.fault = fault;
    settings.fault_at_s = 1.5;
    settings.fault_for_s = 0.2;
    settings.fault_size = 20;
    TraceMaker maker(settings);
    maker.sample(0, 3, 0.01);
    EXPECT_EQ(fault_of(maker.trace(), 0.5, 2.5), seen);
    EXPECT_EQ(fault_of(maker.trace(), 0.2, 1.4), "");
    EXPECT_EQ(fault_of(maker.trace(), 1.8, 2.5), "");
  }
}

TEST(GaugePeak, IsTheLargestMeanOverTheBandwidth) {
  // A triangle of 40 W over two seconds on 10 W.
  const PowerTrace trace = gauge_trace({10, 10, 10, 10, 50, 10, 10, 10, 10, 10});
  // Over 1 s around the top: from half a second before to half after, mean of 30 to 50.
  EXPECT_NEAR(*peak_power(trace, 1, 8, 1), 40, 1e-3);
  EXPECT_NEAR(*peak_power(trace, 1, 8, 2), 30, 1e-3);
  EXPECT_NEAR(*peak_power(trace, 4, 8, 1), 30, 1e-3);
  EXPECT_FALSE(peak_power(trace, 1, 8, 0.9));
  PowerTrace slow = trace;
  slow.info.averaging_s = 1.5;
  EXPECT_FALSE(peak_power(slow, 2, 7, 1));
}

/// Against a search over every millisecond.
TEST(GaugePeak, AgreesWithBruteForce) {
  base::RandomStream random(5, "test.peak");
  std::vector<double> watts(60);
  for (double& w : watts) w = random.uniform(5, 50);
  const PowerTrace trace = gauge_trace(watts);
  for (const double bandwidth_s : {1.0, 1.7, 3.0, 7.3}) {
    double brute_w = 0;
    for (double start_s = 2; start_s + bandwidth_s <= 55; start_s += 1e-3) {
      const WindowEnergy span = window_energy(trace, start_s, start_s + bandwidth_s);
      brute_w = std::max(brute_w, span.mean_w);
    }
    const auto peak_w = peak_power(trace, 2, 55, bandwidth_s);
    ASSERT_TRUE(peak_w);
    EXPECT_GE(*peak_w, brute_w * (1 - 1e-9));
    EXPECT_NEAR(*peak_w, brute_w, 0.05);
  }
}

TEST(GaugeEnergy, OfAValueThatNeverChangesIsAsUncertainAsItIsLarge) {
  PowerTrace trace = gauge_trace(std::vector<double>(20, 9.0));
  trace.update_s = 0;  // calibration saw no change
  const WindowEnergy window = window_energy(trace, 2.5, 17.5);
  EXPECT_EQ(fault_name(window.fault), "");
  EXPECT_NEAR(window.energy_j, 9 * 15, 1e-9);
  EXPECT_EQ(window.edge_j, window.energy_j);
  EXPECT_EQ(window.updates, 0);
  // Two changes bound the period.
  trace.samples[8].value.watts = 9.5;
  EXPECT_LT(window_energy(trace, 2.5, 17.5).edge_j, 0.05 * window.energy_j);
}

TEST(GaugeEnergy, StatesTheNoiseOfItsValues) {
  // A constant load of 5 W, by a gauge whose values have 2 % of noise, each its own.
  base::RandomStream random(7, "gauge.noise");
  constexpr int kTraces = 1000, kUpdates = 200;
  int covered = 0;
  double stated_j = 0;
  for (int trace = 0; trace < kTraces; ++trace) {
    std::vector<double> watts;
    for (int i = 0; i < kUpdates + 3; ++i) watts.push_back(5 + 0.1 * random.normal());
    const WindowEnergy window = window_energy(gauge_trace(watts), 1.3, kUpdates + 1.3);
    covered += std::abs(window.energy_j - 5 * kUpdates) <= window.edge_j ? 1 : 0;
    stated_j += window.edge_j / kTraces;
  }
  EXPECT_GE(covered, 950);
  // 95 % of the errors are below 1.96 sigma sqrt(n): the statement is not much wider.
  EXPECT_LT(stated_j, 2 * 1.96 * 0.1 * std::sqrt(kUpdates));
}

TEST(GaugeEnergy, AWildValueOutsideAWindowDoesNotReachIntoIt) {
  const PowerTrace good = gauge_trace({5, 5, 6, 5, 7, 5, 6, 5, 5, 6, 5});
  const WindowEnergy expected = window_energy(good, 4.5, 7.5);
  for (const double wild : {1e16, 1e17, 1e300}) {
    PowerTrace trace = good;
    trace.samples[1].value.watts = wild;
    const WindowEnergy window = window_energy(trace, 4.5, 7.5);
    EXPECT_EQ(fault_name(window.fault), "");
    EXPECT_NEAR(window.energy_j, expected.energy_j, 1e-9) << wild;
  }
}

}  // namespace
}  // namespace edgetran::profile
