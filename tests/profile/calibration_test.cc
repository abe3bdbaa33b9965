#include "profile/calibration.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "power_traces.h"

namespace edgetran::profile {
namespace {

using sensors::SyntheticSensor;
using sensors::SyntheticSettings;

SyntheticSettings moving_gauge() {
  SyntheticSettings settings;
  settings.shape = "sawtooth";
  settings.swing_w = 10;
  settings.period_s = 1.37;
  settings.update_s = 0.02;
  settings.update_phase_s = 0.003;
  settings.read_s = 30e-6;
  return settings;
}

Calibration calibrated(const SyntheticSettings& settings, double duration_s = kCalibration_s) {
  base::ManualClock clock;
  SyntheticSensor sensor(settings, clock);
  const auto trace = read_quickly(sensor, clock, duration_s);
  EXPECT_TRUE(trace);
  return calibrate(*trace);
}

TEST(Calibration, FindsTheUpdatePeriodOfAGauge) {
  const Calibration calibration = calibrated(moving_gauge());
  EXPECT_NEAR(calibration.update_s, 0.02, 0.02 * 0.01);
  EXPECT_NEAR(calibration.read_s, 30e-6, 1e-9);
  EXPECT_NEAR(static_cast<double>(calibration.readings), 30'000, 2);
  EXPECT_NEAR(static_cast<double>(calibration.changes), 150, 1);
}

TEST(Calibration, FindsTheUpdatePeriodOfACounter) {
  SyntheticSettings settings = moving_gauge();
  settings.kind = "counter";
  settings.update_s = 0.001;
  EXPECT_NEAR(calibrated(settings).update_s, 0.001, 1e-5);
}

TEST(Calibration, IsNotMisledByValuesThatRepeat) {
  SyntheticSettings settings = moving_gauge();
  settings.resolution = 0.25;  // about every second update shows the same value as the one before
  const Calibration calibration = calibrated(settings);
  EXPECT_LT(calibration.changes, 120);
  EXPECT_NEAR(calibration.update_s, 0.02, 0.02 * 0.01);
}

TEST(Calibration, FindsTheSmallestStep) {
  SyntheticSettings settings = moving_gauge();
  settings.resolution = 0.125;
  EXPECT_NEAR(calibrated(settings).resolution_w, 0.125, 1e-12);
  settings.kind = "counter";
  settings.resolution = 1e-3;
  EXPECT_GE(calibrated(settings).resolution_ticks, 200);  // 0.2 J an update
  EXPECT_LE(calibrated(settings).resolution_ticks, 210);
}

TEST(Calibration, DoesNotKnowThePeriodOfAConstantValue) {
  SyntheticSettings settings = moving_gauge();
  settings.shape = "constant";
  const Calibration calibration = calibrated(settings);
  EXPECT_EQ(calibration.update_s, 0);
  EXPECT_EQ(calibration.resolution_w, 0);
  EXPECT_EQ(calibration.changes, 0);
}

TEST(Calibration, BoundsAPeriodThatIsQuickerThanReading) {
  SyntheticSettings settings = moving_gauge();
  settings.update_s = 1e-5;
  settings.read_s = 0.005;
  EXPECT_NEAR(calibrated(settings).update_s, 0.005, 1e-4);
}

TEST(Calibration, NeedsAFewChanges) {
  SyntheticSettings settings = moving_gauge();
  settings.update_s = 1.1;
  EXPECT_EQ(calibrated(settings).update_s, 0);
  EXPECT_NEAR(calibrated(settings, 12).update_s, 1.1, 0.01);
}

TEST(Calibration, AValueThatIsNoNumberIsNoChange) {
  SyntheticSettings settings = moving_gauge();
  settings.shape = "constant";
  settings.fault = "nan";
  settings.fault_at_s = 1;
  settings.fault_for_s = 0.5;
  EXPECT_EQ(calibrated(settings).changes, 0);
  settings.shape = "sawtooth";  // and what is no number hides no period
  EXPECT_NEAR(calibrated(settings).update_s, 0.02, 0.02 * 0.02);
  settings.fault_for_s = 10;
  EXPECT_NEAR(static_cast<double>(calibrated(settings).changes), 50, 1);
}

/// As the agent calibrates; how long it took is in `took_s`.
Calibration calibrated_sensor(const SyntheticSettings& settings, double& took_s) {
  base::ManualClock clock;
  SyntheticSensor sensor(settings, clock);
  const auto calibration = calibrate_sensor(sensor, clock);
  EXPECT_TRUE(calibration);
  took_s = clock.now_s();
  return *calibration;
}

TEST(CalibrateSensor, OneThatChangedTooSeldomIsReadOnUntilItsPeriodIsTold) {
  double took_s = 0;
  SyntheticSettings settings = moving_gauge();
  EXPECT_NEAR(calibrated_sensor(settings, took_s).update_s, 0.02, 0.02 * 0.01);
  EXPECT_NEAR(took_s, 3, 0.01);
  settings.update_s = 1.1;  // at 0, 1.1, ... 4.4 s, less the phase: the fourth change ends it
  EXPECT_NEAR(calibrated_sensor(settings, took_s).update_s, 1.1, 0.02);
  EXPECT_NEAR(took_s, 4.4, 1.2);
  settings.update_s = 2.9;
  EXPECT_NEAR(calibrated_sensor(settings, took_s).update_s, 2.9, 0.02);
  EXPECT_LT(took_s, 15);
}

TEST(CalibrateSensor, OneThatNeverChangesCostsThreeSeconds) {
  double took_s = 0;
  SyntheticSettings settings = moving_gauge();
  settings.shape = "constant";
  EXPECT_EQ(calibrated_sensor(settings, took_s).update_s, 0);
  EXPECT_NEAR(took_s, 3, 0.01);
}

TEST(CalibrateSensor, OneThatSaysToBeSlowIsLookedAtLongerThoughItDidNotChange) {
  double took_s = 0;
  SyntheticSettings settings = moving_gauge();
  settings.period_s = 97;
  settings.update_s = 5;
  settings.update_phase_s = 4;  // the first change is at 4 s, after the short look
  EXPECT_EQ(calibrated_sensor(settings, took_s).update_s, 0);
  settings.averaging_s = 5;
  EXPECT_NEAR(calibrated_sensor(settings, took_s).update_s, 5, 0.05);
  EXPECT_LT(took_s, 20);
  settings.shape = "constant";
  EXPECT_EQ(calibrated_sensor(settings, took_s).update_s, 0);
  EXPECT_NEAR(took_s, 30, 0.1);
}

/// Changes at these moments.
class ChangesAt final : public Sensor {
 public:
  ChangesAt(base::Clock& clock, std::vector<double> times) : clock_(clock), times_(times) {}
  const SensorInfo& info() const override { return info_; }
  base::Result<Reading> read() override {
    Reading reading{.watts = 5};
    for (const double time_s : times_) reading.watts += clock_.now_s() >= time_s ? 1 : 0;
    return reading;
  }

 private:
  SensorInfo info_;
  base::Clock& clock_;
  std::vector<double> times_;
};

TEST(CalibrateSensor, FewChangesOfAValueThatHardlyMovesAreNoPeriod) {
  base::ManualClock clock;
  ChangesAt chance(clock, {1, 3.1, 8.4, 12.5});  // 2.1, 5.3 and 4.1 s: 5.3 is no multiple
  EXPECT_EQ(calibrate_sensor(chance, clock)->update_s, 0);
  base::ManualClock other;
  ChangesAt jitters(other, {1, 3.1, 7.2, 9.25});  // 2.1, twice 2.05, 2.05
  EXPECT_NEAR(calibrate_sensor(jitters, other)->update_s, 8.25 / 4, 0.02);
}

TEST(Calibration, OfNothingKnowsNothing) {
  const Calibration calibration = calibrate({});
  EXPECT_EQ(calibration.readings, 0);
  EXPECT_EQ(calibration.update_s, 0);
}

TEST(ReadQuickly, PassesOnTheSensorsError) {
  base::ManualClock clock;
  SyntheticSettings settings = moving_gauge();
  settings.fault = "error";
  settings.fault_at_s = 1;
  settings.fault_for_s = 0.01;
  SyntheticSensor sensor(settings, clock);
  const auto trace = read_quickly(sensor, clock);
  ASSERT_FALSE(trace);
  EXPECT_EQ(trace.error().category, base::ErrorCategory::kDevice);
}

TEST(ReadQuickly, IsBounded) {
  base::ManualClock clock;
  SyntheticSensor sensor(moving_gauge(), clock);
  const auto trace = read_quickly(sensor, clock, 100);
  ASSERT_TRUE(trace);
  EXPECT_LE(trace->samples.size(), static_cast<size_t>(kCalibrationReadings));
  EXPECT_GT(trace->samples.back().after_s, 99);
}

PowerTrace rail_trace(const std::string& kind, double base_w) {
  SyntheticSettings settings;
  settings.kind = kind;
  settings.base_w = base_w;
  TraceMaker maker(settings);
  maker.sample(0, 3, 0.01);
  return maker.trace();
}

TEST(CompareRail, AgreesWithinATenth) {
  const PowerTrace counter = rail_trace("counter", 10);
  const auto close = compare_rail(counter, rail_trace("gauge", 10.9), 0.5, 2.5);
  ASSERT_TRUE(close);
  EXPECT_NEAR(close->counter_w, 10, 0.2);
  EXPECT_NEAR(close->gauge_w, 10.9, 1e-9);
  EXPECT_TRUE(close->agree);
  const auto far = compare_rail(counter, rail_trace("gauge", 11.5), 0.5, 2.5);
  ASSERT_TRUE(far);
  EXPECT_FALSE(far->agree);
  EXPECT_FALSE(compare_rail(counter, rail_trace("gauge", 10), 0.5, 3.5));
}

}  // namespace
}  // namespace edgetran::profile
