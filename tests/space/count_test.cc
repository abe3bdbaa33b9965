#include "space/count.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace edgetran::space {
namespace {

TEST(Count, HoldsSmallNumbers) {
  EXPECT_EQ(Count(0).digits(), "0");
  EXPECT_EQ(Count(1234567890123456789U).digits(), "1234567890123456789");
  EXPECT_EQ(Count(std::numeric_limits<uint64_t>::max()).digits(), "18446744073709551615");
}

TEST(Count, MultipliesExactly) {
  Count factorial(1);
  for (uint64_t i = 2; i <= 30; ++i) factorial = factorial * Count(i);
  EXPECT_EQ(factorial.digits(), "265252859812191058636308480000000");  // 30!
  EXPECT_EQ((factorial * Count(0)).digits(), "0");
}

TEST(Count, AddsWithCarries) {
  Count sum(std::numeric_limits<uint64_t>::max());
  sum += Count(1);
  EXPECT_EQ(sum.digits(), "18446744073709551616");  // 2^64
  sum += sum;
  EXPECT_EQ(sum.digits(), "36893488147419103232");
}

TEST(Count, ApproximatesItself) {
  Count power(1);
  for (int i = 0; i < 100; ++i) power = power * Count(10);
  EXPECT_NEAR(power.log10(), 100, 1e-12);
  EXPECT_NEAR(power.approximate() / 1e100, 1, 1e-14);
  EXPECT_EQ(Count(0).log10(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(Count(12345).approximate(), 12345);
}

}  // namespace
}  // namespace edgetran::space
