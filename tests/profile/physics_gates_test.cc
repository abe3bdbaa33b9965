#include "profile/physics_gates.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgetran::profile {
namespace {

using base::Json;

Recording recording_of(int64_t flops, int64_t bytes, const Json& host) {
  Recording recording;
  recording.header.cost = ModelCost{flops, bytes};
  recording.header.settings.threads = 2;
  recording.segments.emplace_back().host = host;
  return recording;
}

const Json kAvx2 = {{"instructions", {"sse2", "avx", "avx2"}}, {"base_frequency_hz", 2.5e9}};

TEST(PhysicsGates, ArithmeticThatNoCoreCouldDoIsImpossible) {
  // Two cores at 7 GHz with 32 flop a cycle: 448 GFLOP/s.
  const Recording recording = recording_of(448'000'000, 0, kAvx2);
  EXPECT_EQ(physics_flags(recording, 0.9e-3), std::vector<std::string>{"IMPOSSIBLE"});
  EXPECT_TRUE(physics_flags(recording, 1.1e-3).empty());
}

TEST(PhysicsGates, BytesThatNoCoreCouldLoadAreImpossible) {
  // Two cores, 128 bytes a cycle at 7 GHz, a quarter of the fp32 bytes: 7.168 TB/s of fp32.
  const Recording recording = recording_of(0, 7'168'000'000, kAvx2);
  EXPECT_EQ(physics_flags(recording, 0.9e-3), std::vector<std::string>{"IMPOSSIBLE"});
  EXPECT_TRUE(physics_flags(recording_of(100'000'000, 7'168'000'000, kAvx2), 1.1e-3).empty());
}

TEST(PhysicsGates, ATimeThatTheArithmeticDoesNotExplainIsTooSlow) {
  // Peak at the base frequency: 160 GFLOP/s; 1.6 GFLOP take 10 ms there.
  const Recording recording = recording_of(1'600'000'000, 0, kAvx2);
  EXPECT_TRUE(physics_flags(recording, 1.9).empty());
  EXPECT_EQ(physics_flags(recording, 2.1), std::vector<std::string>{"TOO_SLOW"});
}

TEST(PhysicsGates, AShortRunIsNotCalledSlow) {
  EXPECT_TRUE(physics_flags(recording_of(10, 0, kAvx2), 0.9e-3).empty());
}

TEST(PhysicsGates, WhatIsNotKnownIsNotJudged) {
  Recording modelled = recording_of(1'000'000'000, 0, kAvx2);
  modelled.header.modelled = true;
  EXPECT_TRUE(physics_flags(modelled, 1e-9).empty());
  Recording elsewhere = recording_of(1'000'000'000, 0, kAvx2);
  elsewhere.header.settings.accelerator = "GPU";
  EXPECT_TRUE(physics_flags(elsewhere, 1e-9).empty());
  EXPECT_TRUE(physics_flags(recording_of(1'000'000'000, 0, Json::object()), 1e-9).empty());
}

TEST(Observer, TheEffectOfTheSamplerIsPairedOverTheBlocks) {
  Recording recording;
  Segment& segment = recording.segments.emplace_back();
  // Each block is slower than the one before by a fifth; the sampler costs 2 % in each.
  for (int block = 0; block < 6; ++block) {
    for (const bool on : {true, false, false, true}) {
      const double level_s = 0.01 * std::pow(1.2, block) * (on ? 1.02 : 1);
      segment.observer.push_back({on, {level_s, level_s * (1 + 1e-4 * block), level_s}});
    }
  }
  const auto effect = observer_effect(recording);
  ASSERT_TRUE(effect);
  EXPECT_NEAR(effect->effect, 0.02, 1e-9);
  EXPECT_EQ(effect->blocks, 6);
  EXPECT_TRUE(effect->harmful());
}

TEST(Observer, ASmallOrUncertainEffectIsNoHarm) {
  EXPECT_FALSE(
      (ObserverEffect{.effect = 0.005, .low = 0.004, .high = 0.006, .blocks = 9}.harmful()));
  EXPECT_FALSE((ObserverEffect{.effect = 0.03, .low = -0.01, .high = 0.07, .blocks = 9}.harmful()));
  EXPECT_FALSE(observer_effect(Recording{}));
}

}  // namespace
}  // namespace edgetran::profile
