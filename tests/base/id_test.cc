#include "base/id.h"

#include <gtest/gtest.h>

#include <set>

namespace edgetran::base {
namespace {

TEST(Id, KnownMomentGivesTheKnownPrefix) {
  ManualClock clock(0, 1469918176.385);  // the example of the ULID specification: 01ARYZ6S41...
  RandomStream entropy(1, "id");
  const std::string id = make_id(clock, entropy);
  EXPECT_EQ(id.size(), 26U);
  EXPECT_EQ(id.substr(0, 10), "01ARYZ6S41");
}

TEST(Id, LaterIdsSortBehindEarlierOnes) {
  ManualClock clock(0, 1.7e9);
  RandomStream entropy(1, "id");
  std::string last = make_id(clock, entropy);
  for (int i = 0; i < 100; ++i) {
    clock.advance(0.002);
    const std::string next = make_id(clock, entropy);
    EXPECT_LT(last, next);
    last = next;
  }
}

TEST(Id, IdsOfOneMomentDiffer) {
  ManualClock clock;
  RandomStream entropy = system_entropy();
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(make_id(clock, entropy));
  EXPECT_EQ(ids.size(), 1000U);
}

TEST(Id, SystemEntropyDiffersFromCallToCall) {
  EXPECT_NE(system_entropy().next_u64(), system_entropy().next_u64());
}

}  // namespace
}  // namespace edgetran::base
