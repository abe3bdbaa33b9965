#include "device/silence.h"

#include <gtest/gtest.h>

namespace edgetran::device {
namespace {

base::Event phase(const char* name) { return {"phase", {{"phase", name}, {"index", 0}}}; }

TEST(Silence, IsTheProfilesLongestPhaseALoadingAndALease) {
  EXPECT_DOUBLE_EQ(Silence("quick").bound_s(), 240 + 600 + 60);       // a powered window
  EXPECT_DOUBLE_EQ(Silence("standard").bound_s(), 300 + 600 + 60);    // cooling down
  EXPECT_DOUBLE_EQ(Silence("sustained").bound_s(), 1890 + 600 + 60);  // the warm-up
}

TEST(Silence, OfAProfileThatOnlyTheAgentMayKnowIsTheLongest) {
  EXPECT_DOUBLE_EQ(Silence("else").bound_s(), Silence("sustained").bound_s());
}

TEST(Silence, IsLongerForAModelWhoseRunsAre) {
  Silence silence("quick");
  const double before_s = silence.bound_s();
  silence.heard(phase("load"), 0);
  silence.heard({"raw", {{"text", "{}\n"}}}, 100);
  EXPECT_DOUBLE_EQ(silence.bound_s(), before_s);
  silence.heard(phase("first"), 100);
  EXPECT_DOUBLE_EQ(silence.bound_s(), before_s);
  silence.heard(phase("warm_up"), 140);
  EXPECT_DOUBLE_EQ(silence.bound_s(), before_s + 20 * 40);  // a window of twenty runs
  silence.heard(phase("window"), 1000);
  EXPECT_DOUBLE_EQ(silence.bound_s(), before_s + 20 * 40);
}

TEST(Silence, BearsEventsThatAreNotWhatTheyShouldBe) {
  Silence silence("quick");
  silence.heard({"phase", {{"phase", 7}}}, 1);
  silence.heard({"phase", base::Json::object()}, 2);
  EXPECT_DOUBLE_EQ(silence.bound_s(), Silence("quick").bound_s());
}

}  // namespace
}  // namespace edgetran::device
