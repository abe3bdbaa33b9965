#include "profile/runtimes/simulated/simulated_recorder.h"

#include <gtest/gtest.h>

#include "laws.h"
#include "profile/energy.h"

namespace edgetran::profile::simulated {
namespace {

SimulatedLaw with_sensor(const SimulatedSensor& sensor) {
  SimulatedLaw law = plain_law();
  law.sensor = sensor;
  return law;
}

constexpr SimulatedSensor kGauge = {.kind = SensorKind::kGauge,
                                    .boundary = Boundary::kModule,
                                    .update_s = 0.02,
                                    .averaging_s = 0.02,
                                    .resolution = 0.01,
                                    .range_ticks = 0};
constexpr SimulatedSensor kCounter = {.kind = SensorKind::kCounter,
                                      .boundary = Boundary::kPackage,
                                      .update_s = 0.001,
                                      .averaging_s = 0,
                                      .resolution = 1e-4,
                                      .range_ticks = 0};

/// A session as the agent leads it: rest, a model, a window of runs, rest.
struct Session {
  PowerTrace trace;
  double start_s = 0, end_s = 0;
  double energy_j = 0;  ///< of the window, by the timeline
};

Session lead(const SimulatedLaw& law, int runs = 500) {
  auto machine = std::make_shared<Machine>();
  machine->set_law(law);
  SimulatedRecorder recorder(machine);
  Session session;
  const auto calibration = recorder.calibrate();
  EXPECT_TRUE(calibration);
  session.trace.info = recorder.info();
  session.trace.update_s = calibration->update_s;
  EXPECT_TRUE(recorder.start(calibration->update_s));
  machine->clock().advance(1);
  machine->load();
  recorder.mark_edge(WindowEdge::kStart);
  session.start_s = machine->clock().now_s();
  const double before_j = machine->timeline().energy_j(session.start_s);
  for (int i = 0; i < runs; ++i) machine->run(1);
  session.end_s = machine->clock().now_s();
  session.energy_j = machine->timeline().energy_j(session.end_s) - before_j;
  recorder.mark_edge(WindowEdge::kEnd);
  machine->clock().advance(2);
  recorder.drain(session.trace);
  recorder.stop();
  EXPECT_EQ(recorder.overruns(), 0);
  return session;
}

TEST(SimulatedRecorder, AGaugesWindowHasTheLawsEnergyWithinWhatItStates) {
  const Session session = lead(with_sensor(kGauge));
  EXPECT_NEAR(session.energy_j, 5 * 6.0, 1e-9);
  const WindowEnergy window = window_energy(session.trace, session.start_s, session.end_s);
  ASSERT_EQ(window.fault, WindowFault::kNone) << fault_name(window.fault);
  EXPECT_NEAR(window.energy_j, session.energy_j, window.edge_j);
  EXPECT_LT(window.edge_j, 0.02 * session.energy_j);
}

TEST(SimulatedRecorder, ACountersWindowHasTheLawsEnergyWithinWhatItStates) {
  const Session session = lead(with_sensor(kCounter));
  const WindowEnergy window = window_energy(session.trace, session.start_s, session.end_s);
  ASSERT_EQ(window.fault, WindowFault::kNone) << fault_name(window.fault);
  EXPECT_NEAR(window.energy_j, session.energy_j, window.edge_j);
  EXPECT_LT(window.edge_j, 0.01 * session.energy_j);
}

TEST(SimulatedRecorder, ACounterThatWrapsInTheWindowLosesNothing) {
  SimulatedSensor sensor = kCounter;
  sensor.range_ticks = 200'000;  // 20 J: the window's 30 J wrap it
  SimulatedLaw law = with_sensor(sensor);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    law.seed = seed;
    const Session session = lead(law);
    PowerTrace trace = session.trace;
    trace.info.rating_w = 10;  // without it the wraps could not be counted
    const WindowEnergy window = window_energy(trace, session.start_s, session.end_s);
    ASSERT_EQ(window.fault, WindowFault::kNone) << fault_name(window.fault);
    EXPECT_NEAR(window.energy_j, session.energy_j, window.edge_j) << seed;
  }
}

TEST(SimulatedRecorder, AGaugeShowsStepsOfItsResolution) {
  SimulatedSensor sensor = kGauge;
  sensor.resolution = 0.25;
  sensor.averaging_s = 0;
  SimulatedLaw law = with_sensor(sensor);
  law.power->run_w = 6.1;
  for (const PowerSample& sample : lead(law).trace.samples) {
    EXPECT_DOUBLE_EQ(sample.value.watts * 4, std::round(sample.value.watts * 4));
  }
}

TEST(SimulatedRecorder, AnAveragingGaugeShowsTheMeanBeforeItsUpdate) {
  SimulatedSensor sensor = kGauge;
  sensor.update_s = 0.5;
  sensor.averaging_s = 0.5;
  sensor.resolution = 0;
  // A step in the middle of an averaging shows as a value between.
  bool between = false;
  for (const PowerSample& sample : lead(with_sensor(sensor)).trace.samples) {
    EXPECT_GE(sample.value.watts, 2);
    EXPECT_LE(sample.value.watts, 6);
    between = between || (sample.value.watts > 4.01 && sample.value.watts < 5.99);
  }
  EXPECT_TRUE(between);
}

TEST(SimulatedRecorder, ReadsAtDeadlinesAndAtEdgesInOrder) {
  const Session session = lead(with_sensor(kGauge));
  const auto& samples = session.trace.samples;
  size_t at_edges = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (i > 0) {
      EXPECT_GE(samples[i].before_s, samples[i - 1].after_s);
    }
    at_edges += samples[i].before_s == session.start_s || samples[i].before_s == session.end_s;
  }
  EXPECT_GE(at_edges, 2U);
  EXPECT_NEAR(static_cast<double>(samples.size()), (session.end_s + 2) / 0.02, 4);
}

TEST(SimulatedRecorder, PausedItReadsAtEdgesOnly) {
  auto machine = std::make_shared<Machine>();
  machine->set_law(with_sensor(kGauge));
  SimulatedRecorder recorder(machine);
  ASSERT_TRUE(recorder.start(0.02));
  machine->clock().advance(1);
  PowerTrace trace;
  recorder.pause(true);
  recorder.drain(trace);
  const size_t before = trace.samples.size();
  machine->clock().advance(1);
  recorder.mark_edge(WindowEdge::kStart);
  machine->clock().advance(1);
  recorder.mark_edge(WindowEdge::kEnd);
  recorder.drain(trace);
  EXPECT_EQ(trace.samples.size(), before + 2);
  recorder.pause(false);
  machine->clock().advance(1);
  recorder.drain(trace);
  EXPECT_NEAR(static_cast<double>(trace.samples.size() - before), 52, 1);
}

TEST(SimulatedRecorder, ALongRestKeepsTheNewestReadingsAndBoundsMemory) {
  auto machine = std::make_shared<Machine>();
  machine->set_law(with_sensor(kGauge));
  SimulatedRecorder recorder(machine);
  ASSERT_TRUE(recorder.start(0.02));
  machine->clock().advance(1e6);
  PowerTrace trace;
  recorder.drain(trace);
  EXPECT_LE(trace.samples.size(), 65'536U);
  EXPECT_NEAR(trace.samples.back().before_s, 1e6, 0.02);
  EXPECT_EQ(recorder.overruns(), 0);
}

TEST(SimulatedRecorder, AWindowBeyondItsRoomHasAHoleThatShows) {
  auto machine = std::make_shared<Machine>();
  machine->set_law(with_sensor(kGauge));
  SimulatedRecorder recorder(machine);
  ASSERT_TRUE(recorder.start(0.02));
  machine->clock().advance(1);
  recorder.mark_edge(WindowEdge::kStart);
  machine->clock().advance(2000);  // 100 000 readings
  recorder.mark_edge(WindowEdge::kEnd);
  machine->clock().advance(1);
  PowerTrace trace;
  trace.info = recorder.info();
  trace.update_s = 0.02;
  recorder.drain(trace);
  EXPECT_GT(recorder.overruns(), 0);
  EXPECT_EQ(window_energy(trace, 1, 2001).fault, WindowFault::kReadError);
}

}  // namespace
}  // namespace edgetran::profile::simulated
