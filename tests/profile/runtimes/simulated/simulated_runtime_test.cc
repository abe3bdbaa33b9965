#include "profile/runtimes/simulated/simulated_runtime.h"

#include <gtest/gtest.h>

#include "laws.h"
#include "profile/statistics.h"

namespace edgetran::profile::simulated {
namespace {

RunSettings settings_of(const SimulatedLaw& law) {
  RunSettings settings;
  settings.law = law;
  return settings;
}

/// Seconds of `runs` runs back to back.
std::vector<double> run(const SimulatedLaw& law, int64_t runs) {
  const auto runtime = *make_factory()->create();
  const auto model = std::move(*runtime->load("", settings_of(law)));
  RunGoal goal;
  goal.runs = runs;
  return *model->run_until(goal, runtime->clock(), {});
}

TEST(SimulatedRuntime, MediansAreTheLawsWithinItsNoise) {
  SimulatedLaw law = plain_law();
  law.noise_share = 0.05;
  // The median of a lognormal of mean 1 is exp(-s^2 / 2); its error 1.25 s / sqrt(n).
  EXPECT_NEAR(median(run(law, 2000)) / 0.01, std::exp(-0.00125), 4 * 1.25 * 0.05 / std::sqrt(2000));
}

TEST(SimulatedRuntime, ThrottlingShowsInTheLatency) {
  const auto seconds = run(warm_law(), 10'000);
  EXPECT_NEAR(seconds.front(), 0.01, 1e-9);
  EXPECT_NEAR(*std::max_element(seconds.begin(), seconds.end()), 0.02, 1e-9);
}

TEST(SimulatedRuntime, HasASensorBeforeAnythingIsLoaded) {
  const auto runtime = *make_factory()->create();
  EXPECT_TRUE(runtime->modelled_time());
  const auto recorders = runtime->power_recorders(settings_of(plain_law()));
  ASSERT_EQ(recorders.size(), 1U);
  EXPECT_EQ(recorders[0]->info().driver, "simulated");
  EXPECT_EQ(recorders[0]->info().boundary, Boundary::kEstimate);
  ASSERT_TRUE(recorders[0]->start(0.01));
  runtime->clock().sleep_until(1);
  PowerTrace trace;
  recorders[0]->drain(trace);
  ASSERT_FALSE(trace.samples.empty());
  EXPECT_DOUBLE_EQ(trace.samples.back().value.watts, 2);
}

TEST(SimulatedRuntime, ALawWithoutPowerHasNoSensor) {
  SimulatedLaw law = plain_law();
  law.power.reset();
  const auto runtime = *make_factory()->create();
  EXPECT_TRUE(runtime->power_recorders(settings_of(law)).empty());
  EXPECT_TRUE(runtime->power_recorders(RunSettings()).empty());
}

TEST(SimulatedRuntime, TheSameLawGivesTheSameTraceAndAnotherSeedAnother) {
  const auto trace = [](uint64_t seed) {
    SimulatedLaw law = warm_law();
    law.noise_share = 0.1;
    law.seed = seed;
    const auto runtime = *make_factory()->create();
    const auto recorders = runtime->power_recorders(settings_of(law));
    EXPECT_TRUE(recorders[0]->start(0.01));
    const auto model = std::move(*runtime->load("", settings_of(law)));
    RunGoal goal;
    goal.runs = 3000;
    std::vector<double> all = *model->run_until(goal, runtime->clock(), {});
    PowerTrace power;
    recorders[0]->drain(power);
    for (const PowerSample& sample : power.samples) {
      all.push_back(sample.before_s);
      all.push_back(sample.value.watts);
    }
    return all;
  };
  EXPECT_EQ(trace(1), trace(1));
  EXPECT_NE(trace(1), trace(2));
}

TEST(SimulatedRuntime, NeedsALaw) {
  const auto runtime = *make_factory()->create();
  const auto model = runtime->load("", RunSettings());
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().category, base::ErrorCategory::kUsage);
}

}  // namespace
}  // namespace edgetran::profile::simulated
