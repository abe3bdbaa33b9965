#include "base/clock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace edgetran::base {
namespace {

TEST(Clock, IsoTimeOfKnownMoments) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso_time(951826554.9), "2000-02-29T12:15:54Z");  // a leap day; fractions are dropped
  EXPECT_EQ(iso_time(253402300799.0), "9999-12-31T23:59:59Z");
}

TEST(Clock, IsoTimeOfAnImpossibleMomentIsTheEpoch) {
  EXPECT_EQ(iso_time(-5), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso_time(1e300), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso_time(std::numeric_limits<double>::quiet_NaN()), "1970-01-01T00:00:00Z");
}

TEST(Clock, ManualClockMovesOnlyForward) {
  ManualClock clock(10, 1000);
  clock.sleep_until(12.5);
  EXPECT_EQ(clock.now_s(), 12.5);
  clock.sleep_until(3);
  EXPECT_EQ(clock.now_s(), 12.5);
  clock.advance(0.5);
  EXPECT_EQ(clock.unix_time_s(), 1003);
}

TEST(Clock, ManualClockAddsUpAmongThreads) {
  ManualClock clock;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) clock.advance(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(clock.now_s(), 4000);
}

TEST(Clock, SystemClockSleepsPastItsDeadlineAndNotForThePast) {
  SystemClock clock;
  const double start_s = clock.now_s();
  clock.sleep_until(start_s + 0.002);
  EXPECT_GE(clock.now_s(), start_s + 0.002);
  clock.sleep_until(-1);  // returns: a deadline in the past
}

}  // namespace
}  // namespace edgetran::base
