#include "base/numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace edgetran::base {
namespace {

TEST(Numbers, IntegersAreReadWholeOrNotAtAll) {
  EXPECT_EQ(parse_int64("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(parse_int64("+7"), 7);
  for (const char* text : {"", "+", "-", "+-1", "1 ", " 1", "1.0", "0x1", "9223372036854775808"})
    EXPECT_EQ(parse_int64(text), std::nullopt) << text;
}

TEST(Numbers, DoublesAreReadWholeOrNotAtAll) {
  EXPECT_EQ(parse_double("-1.5e-3"), -0.0015);
  EXPECT_EQ(parse_double("+.5"), 0.5);
  for (const char* text : {"", "e5", "1e", "1,5", "nan", "inf", "-infinity", "1e999", "0x1p3"})
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
}

TEST(Numbers, TooSmallBecomesZeroOrDenormal) {
  EXPECT_EQ(parse_double("1e-999"), 0.0);
  EXPECT_EQ(parse_double("5e-324"), std::numeric_limits<double>::denorm_min());
}

TEST(Numbers, ShortestDecimalReadsBackExactly) {
  RandomStream stream(1, "numbers");
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(stream.next_u64());
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(parse_double(shortest_decimal(value)), value);
  }
  EXPECT_EQ(shortest_decimal(0.1), "0.1");
  EXPECT_EQ(shortest_decimal(3), "3");
}

}  // namespace
}  // namespace edgetran::base
