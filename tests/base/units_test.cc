#include "base/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace edgetran::base {
namespace {

TEST(Units, SecondsKeepThreeDigitsInTheirUnit) {
  EXPECT_EQ(format_seconds(0), "0 s");
  EXPECT_EQ(format_seconds(3.1234e-3), "3.12 ms");
  EXPECT_EQ(format_seconds(850e-6), "850 µs");
  EXPECT_EQ(format_seconds(4.2), "4.20 s");
  EXPECT_EQ(format_seconds(2e-9), "2 ns");
  EXPECT_EQ(format_seconds(-0.5), "-500 ms");
}

TEST(Units, SecondsMoveToTheNextUnitWhereRoundingReachesIt) {
  EXPECT_EQ(format_seconds(0.99949), "999 ms");
  EXPECT_EQ(format_seconds(0.9996), "1.00 s");
  EXPECT_EQ(format_seconds(9.996), "10.0 s");
  EXPECT_EQ(format_seconds(59.94), "59.9 s");
  EXPECT_EQ(format_seconds(59.96), "1 min 00 s");
}

TEST(Units, LongTimesAreMinutesAndHours) {
  EXPECT_EQ(format_seconds(185), "3 min 05 s");
  EXPECT_EQ(format_seconds(3599.6), "1 h 00 min");
  EXPECT_EQ(format_seconds(90061), "25 h 01 min");
}

TEST(Units, ImpossibleNumbersAreShownAndNotComputedWith) {
  EXPECT_EQ(format_seconds(std::nan("")), "?");
  EXPECT_EQ(format_seconds(std::numeric_limits<double>::infinity()), "never");
  EXPECT_EQ(format_bytes(std::nan("")), "?");
  EXPECT_EQ(format_percent(std::nan("")), "?");
}

TEST(Units, BytesUseBinaryPrefixes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1024), "1.00 KiB");
  EXPECT_EQ(format_bytes(1.5 * 1024 * 1024), "1.50 MiB");
  EXPECT_EQ(format_bytes(1023.9 * 1024), "1.00 MiB");
}

TEST(Units, CountsAreGroupedByThree) {
  EXPECT_EQ(format_count(109482240), "109 482 240");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(-1000), "-1 000");
  EXPECT_EQ(format_count(std::numeric_limits<int64_t>::min()), "-9 223 372 036 854 775 808");
}

TEST(Units, PercentHasOneDecimal) { EXPECT_EQ(format_percent(0.7241), "72.4 %"); }

}  // namespace
}  // namespace edgetran::base
