#include "profile/power_gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "power_traces.h"

namespace edgetran::profile {
namespace {

using sensors::SyntheticSettings;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

PowerWindow window_of(double mean_w, double length_s = 2, int64_t updates = 200) {
  PowerWindow window{.length_s = length_s, .energy = {}};
  window.energy.mean_w = mean_w;
  window.energy.energy_j = mean_w * length_s;
  window.energy.updates = updates;
  return window;
}

struct Case {
  std::vector<PowerWindow> windows = {window_of(20), window_of(21)};
  std::vector<PeakPower> peaks = {{.bandwidth_s = 0.1, .value_w = 25}};
  double idle_w = 10, idle_sigma_w = 0.1;
  std::optional<double> rating_w = 30;

  std::vector<std::string> flags() const {
    return power_flags({.windows = windows,
                        .idle_w = idle_w,
                        .idle_sigma_w = idle_sigma_w,
                        .peaks = peaks,
                        .rating_w = rating_w});
  }
};

TEST(PowerFlags, SensibleFiguresRaiseNone) { EXPECT_THAT(Case{}.flags(), IsEmpty()); }

TEST(PowerFlags, NetUnderATenthOfGrossIsIdleDominated) {
  Case c;
  c.idle_w = 18.4;  // net 10.2 % of 20.5 W
  EXPECT_THAT(c.flags(), IsEmpty());
  c.idle_w = 18.5;
  EXPECT_THAT(c.flags(), ElementsAre("IDLE_DOMINATED"));
}

TEST(PowerFlags, AWindowOfFewUpdatesIsUndersampled) {
  Case c;
  c.windows[1].energy.updates = 20;
  EXPECT_THAT(c.flags(), IsEmpty());
  c.windows[1].energy.updates = 19;
  EXPECT_THAT(c.flags(), ElementsAre("UNDERSAMPLED"));
}

TEST(PowerFlags, AMeanAboveThePeakIsImpossible) {
  Case c;
  c.peaks[0].value_w = 20.9;
  EXPECT_THAT(c.flags(), ElementsAre("IMPOSSIBLE"));
}

TEST(PowerFlags, APeakOverALongBandwidthMayBeBelowTheMean) {
  // On, off, on for half a second each: the mean is 20 W, over each second it is 15 W.
  Case c;
  c.windows = {window_of(20, 1.5)};
  c.peaks = {{.bandwidth_s = 1, .value_w = 15}};
  EXPECT_THAT(c.flags(), IsEmpty());
  c.peaks[0].value_w = 14.9;
  EXPECT_THAT(c.flags(), ElementsAre("IMPOSSIBLE"));
}

TEST(PowerFlags, PowerAboveTheRatingIsImpossible) {
  Case c;
  c.rating_w = 24;
  EXPECT_THAT(c.flags(), ElementsAre("IMPOSSIBLE"));
  c.peaks.clear();
  EXPECT_THAT(c.flags(), IsEmpty());
  c.rating_w = 20.5;
  EXPECT_THAT(c.flags(), ElementsAre("IMPOSSIBLE"));
}

TEST(PowerFlags, AMeanFarBelowIdleIsImpossible) {
  Case c;
  c.idle_w = 20.2;
  EXPECT_THAT(c.flags(), ElementsAre("IDLE_DOMINATED"));
  c.idle_w = 20.4;
  EXPECT_THAT(c.flags(), ElementsAre("IDLE_DOMINATED", "IMPOSSIBLE"));
}

TEST(PowerFlags, EnergyIsMeanPowerTimesTime) {
  Case c;
  c.windows[0].energy.energy_j *= 1 + 5e-7;
  EXPECT_THAT(c.flags(), IsEmpty());
  c.windows[0].energy.energy_j *= 1 + 2e-6;
  EXPECT_THAT(c.flags(), ElementsAre("IMPOSSIBLE"));
}

TEST(PowerFlags, FiguresThatAreNoNumbersAreImpossible) {
  Case c;
  c.windows[0].energy.energy_j = NAN;
  EXPECT_THAT(c.flags(), ElementsAre("IMPOSSIBLE"));
  Case idle;
  idle.idle_w = NAN;
  EXPECT_THAT(idle.flags(), ElementsAre("IMPOSSIBLE"));
  Case peak;
  peak.peaks[0].value_w = NAN;
  EXPECT_THAT(peak.flags(), ElementsAre("IMPOSSIBLE"));
}

TEST(PowerFlags, FaultyWindowsArePassedOver) {
  Case c;
  c.windows[0].energy = {.fault = WindowFault::kGap};
  EXPECT_THAT(c.flags(), IsEmpty());
  c.windows.clear();
  EXPECT_THAT(c.flags(), IsEmpty());
}

/// The flags of a trace cut into windows of `length_s`, as a session would, with its own peak.
std::vector<std::string> flags_of(const PowerTrace& trace, double length_s, double idle_w,
                                  double bandwidth_s) {
  std::vector<PowerWindow> windows;
  std::vector<PeakPower> peaks;
  const double from_s = trace.samples.front().after_s;
  const double to_s = trace.samples.back().before_s - trace.update_s;
  for (double start_s = from_s; start_s + length_s <= to_s + 1e-9; start_s += length_s) {
    const WindowEnergy energy = window_energy(trace, start_s, start_s + length_s);
    EXPECT_EQ(fault_name(energy.fault), "");
    windows.push_back({length_s, energy});
    const auto peak = peak_power(trace, start_s, start_s + length_s, bandwidth_s);
    if (!peak) continue;
    if (peaks.empty()) peaks.push_back({bandwidth_s, *peak});
    peaks[0].value_w = std::max(peaks[0].value_w, *peak);
  }
  EXPECT_GE(windows.size(), 5);
  EXPECT_EQ(peaks.size(), 1);
  return power_flags(
      {.windows = windows, .idle_w = idle_w, .idle_sigma_w = 0.1, .peaks = peaks, .rating_w = 250});
}

/// Figure I: 70 samples every 0.34 s, 35.7 W idle and three bursts of 45 W, three samples each, as
/// the published trace of BERT-Tiny on an A100 has them (profiling.md, section 1).
PowerTrace published_like() {
  PowerTrace trace;
  trace.update_s = 0.34;
  for (int i = 0; i < 70; ++i) {
    const bool burst = (i >= 12 && i < 15) || (i >= 33 && i < 36) || (i >= 55 && i < 58);
    const double time_s = 0.34 * i;
    trace.samples.push_back({time_s, time_s, {.watts = burst ? 45.0 : 35.7}, true});
  }
  return trace;
}

TEST(FigureI, IdleWithThreeShortBurstsIsIdleDominatedAndUndersampled) {
  const PowerTrace trace = published_like();
  // Windows of the protocol's least length, 2 s, hold 6 updates; fifths of the trace hold 13.
  EXPECT_THAT(flags_of(trace, 2, 35.7, 0.5), ElementsAre("IDLE_DOMINATED", "UNDERSAMPLED"));
  const double fifth_s = (69 * 0.34 - trace.update_s) / 5;
  EXPECT_THAT(flags_of(trace, fifth_s, 35.7, 0.5), ElementsAre("IDLE_DOMINATED", "UNDERSAMPLED"));
}

TEST(FigureI, ASensibleTraceRaisesNeither) {
  SyntheticSettings settings;
  settings.shape = "square";
  settings.base_w = 40;
  settings.swing_w = 30;
  settings.period_s = 0.5;
  settings.update_s = 0.01;
  TraceMaker maker(settings);
  maker.sample(0, 12, 0.01);
  EXPECT_THAT(flags_of(maker.trace(), 2, 35.7, 0.1), IsEmpty());
}

TEST(FigureI, AConstantLoadOfCoarseResolutionIsNotUndersampled) {
  SyntheticSettings settings;
  settings.base_w = 60;
  settings.resolution = 1;
  settings.update_s = 0.01;
  TraceMaker maker(settings);
  maker.sample(0, 12, 0.01);
  EXPECT_THAT(flags_of(maker.trace(), 2, 35.7, 0.1), IsEmpty());
}

}  // namespace
}  // namespace edgetran::profile
