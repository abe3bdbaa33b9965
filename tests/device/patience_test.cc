#include "device/patience.h"

#include <gtest/gtest.h>

namespace edgetran::device {
namespace {

using Kind = TransportEnd::Kind;

TEST(Patience, ABrokenWayIsTriedAgainAfterTwiceTheTimeUpToALimit) {
  Patience patience({.tries = 5, .first_s = 1, .longest_s = 5});
  for (const double expected : {1.0, 2.0, 4.0, 5.0, 5.0}) {
    EXPECT_EQ(patience.next(Kind::kPassing, 0), expected);
  }
  EXPECT_EQ(patience.next(Kind::kPassing, 0), std::nullopt);
  EXPECT_EQ(patience.retries(), 5);
}

TEST(Patience, ProgressStartsTheCountAnew) {
  Patience patience({.tries = 2, .first_s = 1, .longest_s = 5});
  EXPECT_EQ(patience.next(Kind::kPassing, 10), 1);
  EXPECT_EQ(patience.next(Kind::kPassing, 10), 2);
  EXPECT_EQ(patience.next(Kind::kPassing, 11), 1);
  EXPECT_EQ(patience.next(Kind::kPassing, 11), 2);
  EXPECT_EQ(patience.next(Kind::kPassing, 11), std::nullopt);
}

TEST(Patience, AnAgentIsReplacedOnceWhateverItHadDone) {
  Patience patience({});
  EXPECT_EQ(patience.next(Kind::kAgent, 1), 0);
  EXPECT_EQ(patience.next(Kind::kAgent, 100), std::nullopt);
}

TEST(Patience, ARefusalIsNotTriedAgain) {
  EXPECT_EQ(Patience({}).next(Kind::kFinal, 0), std::nullopt);
}

TEST(Patience, CoversTheTimeThatABoardTakesToStartAgain) {
  Patience patience({});
  double waited_s = 0;
  while (const auto delay_s = patience.next(Kind::kPassing, 0)) waited_s += *delay_s;
  EXPECT_GE(waited_s, 60);
  EXPECT_LE(waited_s, 120);
}

}  // namespace
}  // namespace edgetran::device
