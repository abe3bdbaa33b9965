#include "profile/runtimes/simulated/power_timeline.h"

#include <gtest/gtest.h>

namespace edgetran::profile::simulated {
namespace {

/// 2 W to 1 s, 6 W to 3 s, 1 W to 4 s.
PowerTimeline steps() {
  PowerTimeline timeline(2);
  timeline.extend(1, 2);
  timeline.extend(3, 6);
  timeline.extend(4, 1);
  return timeline;
}

TEST(PowerTimeline, IntegratesItsPiecesExactly) {
  const PowerTimeline timeline = steps();
  EXPECT_DOUBLE_EQ(timeline.energy_j(1), 2);
  EXPECT_DOUBLE_EQ(timeline.energy_j(3), 14);
  EXPECT_DOUBLE_EQ(timeline.energy_j(4), 15);
  EXPECT_DOUBLE_EQ(timeline.mean_w(0.5, 3.5), (1 + 12 + 0.5) / 3);
}

TEST(PowerTimeline, GoesOnBeforeItsBeginningAndAfterItsEnd) {
  const PowerTimeline timeline = steps();
  EXPECT_DOUBLE_EQ(timeline.energy_j(-1), -2);
  EXPECT_DOUBLE_EQ(timeline.energy_j(6), 17);
  EXPECT_DOUBLE_EQ(timeline.power_w(-1), 2);
  EXPECT_DOUBLE_EQ(timeline.power_w(6), 1);
}

TEST(PowerTimeline, PowerAtAStepIsThatBeforeIt) {
  EXPECT_DOUBLE_EQ(steps().power_w(1), 2);
  EXPECT_DOUBLE_EQ(steps().power_w(1.0000001), 6);
}

TEST(PowerTimeline, AMomentThatHasPassedChangesNothing) {
  PowerTimeline timeline = steps();
  timeline.extend(2, 100);
  EXPECT_DOUBLE_EQ(timeline.end_s(), 4);
  EXPECT_DOUBLE_EQ(timeline.energy_j(4), 15);
}

TEST(PowerTimeline, WhatIsForgottenChangesNoLaterEnergy) {
  PowerTimeline timeline = steps();
  timeline.forget_before(3.2);
  EXPECT_DOUBLE_EQ(timeline.energy_j(4), 15);
  EXPECT_NEAR(timeline.mean_w(3.2, 4), 1, 1e-12);
}

}  // namespace
}  // namespace edgetran::profile::simulated
