#include <gtest/gtest.h>

#include "search/method.h"

namespace edgetran::search {
namespace {

TEST(TrialStates, HaveNamesBothWays) {
  for (int i = 0; i < 7; ++i) {
    const auto state = static_cast<TrialState>(i);
    EXPECT_EQ(state_from_name(state_name(state)).value(), state);
  }
  EXPECT_FALSE(state_from_name("done").has_value());
}

}  // namespace
}  // namespace edgetran::search
