#include "device/roofline.h"

#include <gtest/gtest.h>

namespace edgetran::device {
namespace {

SimulatedBoardLaw plain() {
  SimulatedBoardLaw law;
  law.peak_flop_per_s = 1e9;
  law.bandwidth_bytes_per_s = 1e8;
  law.launch_overhead_s = 1e-5;
  law.thread_efficiency = 0.5;
  law.load_bytes_per_s = 1e6;
  law.precisions = {{"fp32", 1, 1}, {"fp16", 2, 0.5}};
  return law;
}

SimulatedBoardLaw with_power() {
  SimulatedBoardLaw law = plain();
  law.power = PowerLaw{.idle_w = 2,
                       .loaded_w = 0.5,
                       .core_w = 1,
                       .compute_w = 3,
                       .memory_w = 4,
                       .clock_exponent = 3};
  law.thermal = ThermalLaw{.ambient_c = 25,
                           .resistance_c_per_w = 5,
                           .time_constant_s = 60,
                           .limit_c = 80,
                           .resume_c = 75,
                           .clock_share = 0.5};
  return law;
}

Deployment deployment(const char* precision = "fp32", int64_t threads = 1) {
  Deployment wanted;
  wanted.runtime = "simulated";
  wanted.precision = precision;
  wanted.threads = threads;
  return wanted;
}

/// Two classes: one bound by computing, one by memory.
CostSummary two_classes() {
  CostSummary cost;
  cost.flops = 5'000'000;
  cost.bytes_moved = 400'000;
  cost.nodes = 100;
  cost.operators = {{OperatorClass::kMatrix, 4'000'000, 100'000},
                    {OperatorClass::kPointwise, 1'000'000, 300'000}};
  return cost;
}

double run_s(const SimulatedBoardLaw& law, const CostSummary& cost, const char* precision = "fp32",
             double clock = 1) {
  return roofline(law, deployment(precision), cost, 0, clock)->run_s;
}

TEST(Roofline, AddsTheSlowerRoofOfEachClass) {
  // Matrices: 4 ms of computing over 1 of memory; the rest: 3 ms of memory over 1 of computing.
  EXPECT_NEAR(run_s(plain(), two_classes()), 1e-3 + 4e-3 + 3e-3, 1e-12);
}

TEST(Roofline, AClassReachesItsShareOfThePeak) {
  SimulatedBoardLaw law = plain();
  law.efficiency[static_cast<size_t>(OperatorClass::kMatrix)] = 0.5;
  law.efficiency[static_cast<size_t>(OperatorClass::kPointwise)] = 0.1;
  EXPECT_NEAR(run_s(law, two_classes()), 1e-3 + 8e-3 + 10e-3, 1e-12);
}

TEST(Roofline, EveryInferencePaysForTheCall) {
  SimulatedBoardLaw law = plain();
  law.call_overhead_s = 0.25;
  EXPECT_NEAR(run_s(law, two_classes()), 0.25 + 8e-3, 1e-12);
}

TEST(Roofline, LoadingHasAFixedPartAndOneByTheModelsSize) {
  SimulatedBoardLaw law = plain();
  law.load_overhead_s = 2;
  EXPECT_NEAR(roofline(law, deployment(), two_classes(), 500'000)->load_s, 2.5, 1e-12);
}

TEST(Roofline, AWorkingSetIsAsQuickAsTheSmallestMemoryThatHoldsIt) {
  SimulatedBoardLaw law = plain();
  law.cache_steps = {{1000, 8e8}, {100'000, 4e8}};
  CostSummary cost;
  cost.bytes_moved = 80'000'000;
  for (const auto& [bytes, bandwidth] :
       {std::pair<int64_t, double>{1000, 8e8}, {1001, 4e8}, {100'000, 4e8}, {100'001, 1e8}}) {
    cost.working_set_bytes = bytes;
    EXPECT_NEAR(run_s(law, cost), 8e7 / bandwidth, 1e-12) << bytes;
  }
  cost.working_set_bytes = 2000;  // in half precision it fits the smaller one
  EXPECT_NEAR(run_s(law, cost, "fp16"), 4e7 / 8e8, 1e-12);
}

TEST(Roofline, LargerWorkingSetsAreNeverQuicker) {
  SimulatedBoardLaw law = plain();
  law.cache_steps = {{1000, 8e8}, {50'000, 5e8}, {100'000, 4e8}};
  CostSummary cost;
  cost.bytes_moved = 1'000'000;
  double last_s = 0;
  for (int64_t bytes = 100; bytes < 1'000'000; bytes = bytes * 5 / 4) {
    cost.working_set_bytes = bytes;
    const double now_s = run_s(law, cost);
    EXPECT_GE(now_s, last_s) << bytes;
    last_s = now_s;
  }
}

TEST(Roofline, ASlowerClockSlowsComputingAndLaunchingButNotMemory) {
  EXPECT_NEAR(run_s(plain(), two_classes(), "fp32", 0.5), 2e-3 + 8e-3 + 3e-3, 1e-12);
}

TEST(Roofline, MoreWorkNeverTakesLess) {
  CostSummary cost = two_classes();
  const double before_s = run_s(plain(), cost);
  for (int64_t* part : {&cost.operators[0].flops, &cost.operators[1].bytes_moved, &cost.nodes}) {
    *part *= 2;
    EXPECT_GT(run_s(plain(), cost), before_s);
    *part /= 2;
  }
}

TEST(Roofline, NegativeCostsAreRefused) {
  CostSummary cost = two_classes();
  cost.operators[0].flops = -1;
  EXPECT_FALSE(roofline(plain(), deployment(), cost, 0));
  cost = two_classes();
  cost.working_set_bytes = -1;
  EXPECT_FALSE(roofline(plain(), deployment(), cost, 0));
}

TEST(RunningPower, IsRestAndWhatEachPartAdds) {
  const SimulatedBoardLaw law = with_power();
  RooflineTimes times;
  times.compute_share = 0.5;
  times.memory_share = 0.25;
  EXPECT_NEAR(running_power_w(*law.power, deployment("fp32", 3), times),
              2 + 0.5 + 4 * 0.25 + 3 * (1 + 3 * 0.5), 1e-12);
  EXPECT_NEAR(running_power_w(*law.power, deployment("fp32", 3), times, 0.5),
              2 + 0.5 + 4 * 0.25 + 3 * (1 + 3 * 0.5) / 8, 1e-12);
}

TEST(SimulatedLawOfAModel, HoldsTheBoardsPowerAndHeat) {
  const SimulatedBoardLaw board = with_power();
  const auto law = simulated_law(board, deployment(), two_classes(), 1000, 42);
  ASSERT_TRUE(law) << law.error().message;
  EXPECT_NEAR(law->mean_s, 8e-3, 1e-12);
  EXPECT_EQ(law->seed, 42U);
  EXPECT_DOUBLE_EQ(law->power->idle_w, 2);
  EXPECT_DOUBLE_EQ(law->power->loaded_w, 2.5);
  EXPECT_DOUBLE_EQ(law->power->load_w, 3);
  // 5 of 8 ms computing, 4 of 8 moving.
  EXPECT_NEAR(law->power->run_w, 2.5 + 4 * 0.5 + 1 + 3 * 0.625, 1e-12);
  EXPECT_NEAR(law->thermal->throttled_s, 13e-3, 1e-12);
  EXPECT_NEAR(law->power->throttled_w, 2.5 + 4 * 4.0 / 13 + (1 + 3 * 10.0 / 13) / 8, 1e-12);
  // What the agent reads is what was meant.
  const auto read = profile::read_simulated_law(
      base::ConfigValue::from_json(profile::simulated_law_json(*law), "law"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, *law);
}

TEST(SimulatedLawOfAModel, OfABoardWithoutPowerHasNone) {
  const auto law = simulated_law(plain(), deployment(), two_classes(), 0, 1);
  ASSERT_TRUE(law);
  EXPECT_FALSE(law->power || law->thermal);
}

TEST(SimulatedLawOfAModel, NeedsSomethingToDo) {
  EXPECT_FALSE(simulated_law(plain(), deployment(), CostSummary(), 0, 1));
}

}  // namespace
}  // namespace edgetran::device
