#include "base/delimited.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DelimitedText, FollowsRfc4180AndCountsLines) {
  DelimitedText text("a,\"b,\"\"c\"\"\nd\",\r\n\r\n\"\"\n", ',', true);
  std::vector<std::string> fields;
  ASSERT_TRUE(text.next(fields).value());
  EXPECT_THAT(fields, ElementsAre("a", "b,\"c\"\nd", ""));
  EXPECT_EQ(text.line(), 1);
  ASSERT_TRUE(text.next(fields).value());
  EXPECT_THAT(fields, ElementsAre(""));
  EXPECT_EQ(text.line(), 4);
  EXPECT_FALSE(text.next(fields).value());
}

TEST(DelimitedText, AQuoteThatIsNotClosedNamesItsLine) {
  DelimitedText text("a\nb,\"c\n", ',', true);
  std::vector<std::string> fields;
  ASSERT_TRUE(text.next(fields));
  EXPECT_THAT(text.next(fields).error().message, HasSubstr("line 2 is not closed"));
}

}  // namespace
}  // namespace edgetran::base
