#include "profile/sampler.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <cmath>

#include "blocking_clock.h"
#include "profile/energy.h"
#include "profile/sensors/synthetic.h"

namespace edgetran::profile {
namespace {

using sensors::SyntheticSensor;
using sensors::SyntheticSettings;

SyntheticSettings sawtooth(const std::string& kind) {
  SyntheticSettings settings;
  settings.kind = kind;
  settings.shape = "sawtooth";
  settings.swing_w = 10;
  settings.update_s = 0.01;
  return settings;
}

/// Ends the sampler while the clock would keep its thread asleep.
void stop(Sampler& sampler, BlockingClock& clock) {
  clock.set(INFINITY);
  sampler.stop();
}

TEST(SamplingInterval, IsTheUpdatePeriodOfAGaugeButAtMostAHundredHertz) {
  SensorInfo gauge;
  EXPECT_EQ(sampling_interval_s(gauge, 0.1), 0.1);
  EXPECT_EQ(sampling_interval_s(gauge, 0.001), 0.01);
  EXPECT_EQ(sampling_interval_s(gauge, 0), 0.01);
}

TEST(SamplingInterval, OfACounterKeepsFourReadingsInTheShortestWrap) {
  SensorInfo counter;
  counter.kind = SensorKind::kCounter;
  counter.joules_per_tick = 1e-6;
  counter.range_ticks = 262'143'328'850;  // a package's energy_uj
  counter.rating_w = 100;
  EXPECT_EQ(sampling_interval_s(counter, 0.001), 1);
  counter.range_ticks = 100'000'000;  // 100 J: a second at the rating
  EXPECT_DOUBLE_EQ(sampling_interval_s(counter, 0.001), 0.25);
  counter.range_ticks = 0;
  EXPECT_EQ(sampling_interval_s(counter, 0.001), 1);
}

TEST(Sampler, ReadsAtAbsoluteDeadlines) {
  BlockingClock clock;
  SyntheticSensor sensor(sawtooth("gauge"), clock);
  Sampler sampler(sensor, clock, 0.01);
  ASSERT_TRUE(sampler.start());
  for (int i = 1; i <= 20; ++i) clock.advance_to(i * 0.01 + 1e-9);
  PowerTrace trace;
  sampler.drain(trace);
  stop(sampler, clock);
  ASSERT_EQ(trace.samples.size(), 21);
  for (size_t i = 0; i < trace.samples.size(); ++i) {
    EXPECT_NEAR(trace.samples[i].before_s, static_cast<double>(i) * 0.01, 2e-9);
    EXPECT_TRUE(trace.samples[i].valid);
  }
}

TEST(Sampler, LeavesOutDeadlinesThatItMissed) {
  BlockingClock clock;
  SyntheticSensor sensor(sawtooth("gauge"), clock);
  Sampler sampler(sensor, clock, 0.01);
  ASSERT_TRUE(sampler.start());
  clock.advance_to(0.0555);
  clock.advance_to(0.0601);
  PowerTrace trace;
  sampler.drain(trace);
  const int64_t late = sampler.late();
  stop(sampler, clock);
  ASSERT_EQ(trace.samples.size(), 3);
  EXPECT_EQ(trace.samples[2].before_s, 0.0601);
  EXPECT_EQ(late, 4);  // 0.02 to 0.05; the reading of 0.01 came late
}

TEST(Sampler, TakesAReadingAtAnEdgeBeforeItReturns) {
  BlockingClock clock;
  SyntheticSensor sensor(sawtooth("gauge"), clock);
  Sampler sampler(sensor, clock, 0.1);
  ASSERT_TRUE(sampler.start());
  clock.await_sleeper();
  clock.set(0.05);
  sampler.mark_edge(WindowEdge::kStart);
  PowerTrace trace;
  sampler.drain(trace);
  stop(sampler, clock);
  ASSERT_EQ(trace.samples.size(), 2);
  EXPECT_EQ(trace.samples[1].before_s, 0.05);
}

/// A counter that takes a millisecond of a manual clock to read.
TEST(Sampler, AwaitsTheUpdateOfACounterAtAnEdge) {
  base::ManualClock clock;
  SyntheticSettings settings = sawtooth("counter");
  settings.read_s = 0.001;
  settings.update_phase_s = 0.0055;
  SyntheticSensor sensor(settings, clock);
  Sampler sampler(sensor, clock, 0.01);  // never started: the edge is read by the caller
  clock.advance(0.1);
  sampler.mark_edge(WindowEdge::kStart);
  PowerTrace trace;
  sampler.drain(trace);
  ASSERT_EQ(trace.samples.size(), 2);
  EXPECT_NE(trace.samples[0].value.ticks, trace.samples[1].value.ticks);
  EXPECT_NEAR(trace.samples[1].after_s, 0.106, 0.0011);
  EXPECT_NEAR(trace.samples[1].after_s - trace.samples[0].before_s, 0.002, 1e-9);
}

TEST(Sampler, MeasuresAWindowOfACounterBetweenAwaitedEdges) {
  base::ManualClock clock;
  SyntheticSettings settings = sawtooth("counter");
  settings.read_s = 1e-5;
  settings.period_s = 0.7;
  SyntheticSensor sensor(settings, clock);
  Sampler sampler(sensor, clock, settings.update_s);
  clock.advance(0.123);
  sampler.mark_edge(WindowEdge::kStart);
  const double start_s = clock.now_s();
  clock.advance(2);
  const double end_s = clock.now_s();
  sampler.mark_edge(WindowEdge::kEnd);
  PowerTrace trace{.info = sensor.info(), .update_s = settings.update_s, .samples = {}};
  sampler.drain(trace);
  const WindowEnergy window = window_energy(trace, start_s, end_s);
  ASSERT_EQ(fault_name(window.fault), "");
  const double truth_j = sensor.energy_j(start_s, end_s);
  EXPECT_NEAR(window.energy_j, truth_j, window.edge_j);
  EXPECT_LT(window.edge_j, 0.005 * truth_j);
}

TEST(Sampler, LetsTheOldestGoOutsideWindows) {
  BlockingClock clock;
  SyntheticSensor sensor(sawtooth("gauge"), clock);
  Sampler sampler(sensor, clock, 0.01, {.capacity = 8});
  ASSERT_TRUE(sampler.start());
  for (int i = 1; i <= 20; ++i) clock.advance_to(i * 0.01 + 1e-9);
  PowerTrace trace;
  sampler.drain(trace);
  const int64_t overruns = sampler.overruns();
  stop(sampler, clock);
  ASSERT_EQ(trace.samples.size(), 8);
  EXPECT_NEAR(trace.samples.back().before_s, 0.2, 1e-8);
  EXPECT_EQ(overruns, 0);
}

TEST(Sampler, ThatLosesSamplesOfAWindowSpoilsIt) {
  BlockingClock clock;
  SyntheticSensor sensor(sawtooth("gauge"), clock);
  Sampler sampler(sensor, clock, 0.01, {.capacity = 8});
  ASSERT_TRUE(sampler.start());
  PowerTrace trace{.info = sensor.info(), .update_s = 0.01, .samples = {}};
  clock.advance_to(0.05 + 1e-9);
  sampler.mark_edge(WindowEdge::kStart);
  for (int i = 6; i <= 20; ++i) clock.advance_to(i * 0.01 + 1e-9);
  sampler.mark_edge(WindowEdge::kEnd);
  sampler.drain(trace);
  EXPECT_GT(sampler.overruns(), 0);
  for (int i = 21; i <= 24; ++i) clock.advance_to(i * 0.01 + 1e-9);
  sampler.drain(trace);
  stop(sampler, clock);
  EXPECT_EQ(fault_name(window_energy(trace, 0.0505, 0.2).fault), "READ_ERROR");
  // What was there before the hole can still be told.
  EXPECT_EQ(fault_name(window_energy(trace, 0.0505, 0.08).fault), "");
}

TEST(Sampler, KeepsAFailedReadingAsAFailedSample) {
  BlockingClock clock;
  SyntheticSettings settings = sawtooth("gauge");
  settings.fault = "error";
  settings.fault_at_s = 0.02;
  settings.fault_for_s = 0.015;
  SyntheticSensor sensor(settings, clock);
  Sampler sampler(sensor, clock, 0.01);
  ASSERT_TRUE(sampler.start());
  for (int i = 1; i <= 4; ++i) clock.advance_to(i * 0.01 + 1e-9);
  PowerTrace trace;
  sampler.drain(trace);
  stop(sampler, clock);
  ASSERT_EQ(trace.samples.size(), 5);
  EXPECT_TRUE(trace.samples[1].valid);
  EXPECT_FALSE(trace.samples[2].valid);
  EXPECT_TRUE(trace.samples[4].valid);
}

TEST(Sampler, RunsOnTheCoresItIsGiven) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int core = 0;
  while (!CPU_ISSET(core, &allowed)) ++core;
  BlockingClock clock;
  SyntheticSensor sensor(sawtooth("gauge"), clock);
  Sampler sampler(sensor, clock, 0.01, {.cores = {core}});
  ASSERT_TRUE(sampler.start());
  clock.await_sleeper();
  EXPECT_TRUE(sampler.pinned());
  stop(sampler, clock);
}

TEST(Sampler, SaysWhereItCouldNotBePinned) {
  BlockingClock clock;
  SyntheticSensor sensor(sawtooth("gauge"), clock);
  Sampler sampler(sensor, clock, 0.01, {.cores = {-1}});
  ASSERT_TRUE(sampler.start());
  clock.await_sleeper();
  EXPECT_FALSE(sampler.pinned());
  stop(sampler, clock);
}

TEST(Sampler, StopsWithoutHavingBeenStartedAndTwice) {
  base::ManualClock clock;
  SyntheticSensor sensor(sawtooth("gauge"), clock);
  Sampler sampler(sensor, clock, 0.01);
  sampler.stop();
  sampler.stop();
}

/// Under ThreadSanitizer: edges and drains from another thread while the sampler reads as quickly
/// as it can, on a clock that jumps to each deadline.
TEST(Sampler, SharesItsSensorWithEdgesAndDrains) {
  base::ManualClock clock;
  SyntheticSettings settings = sawtooth("counter");
  settings.read_s = 0.001;
  SyntheticSensor sensor(settings, clock);
  Sampler sampler(sensor, clock, 0.01, {.capacity = 64});
  ASSERT_TRUE(sampler.start());
  PowerTrace trace;
  for (int i = 0; i < 20; ++i) {
    sampler.mark_edge(WindowEdge::kStart);
    sampler.mark_edge(WindowEdge::kEnd);
    sampler.drain(trace);
  }
  sampler.stop();
  sampler.drain(trace);
  EXPECT_GE(trace.samples.size(), 40);
  double last_s = -1;
  for (const PowerSample& sample : trace.samples) {
    EXPECT_GE(sample.before_s, last_s);
    last_s = sample.after_s;
  }
}

}  // namespace
}  // namespace edgetran::profile
