#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::base {
namespace {

using ::testing::ElementsAre;

TEST(Text, TrimTakesBlanksFromBothEndsOnly) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Text, WordsAreJoinedAsInASentence) {
  EXPECT_EQ(join_words({}), "");
  EXPECT_EQ(join_words({"a"}), "a");
  EXPECT_EQ(join_words({"a", "b"}, "or"), "a or b");
  EXPECT_EQ(join_words({"a", "b", "c"}), "a, b and c");
}

TEST(Text, ValidUtf8OfEveryLengthPasses) {
  EXPECT_EQ(first_invalid_utf8("a\xC2\xA2\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF"),
            std::nullopt);
}

TEST(Text, InvalidUtf8IsFoundAtItsFirstByte) {
  EXPECT_EQ(first_invalid_utf8("ab\xFF"), 2U);
  EXPECT_EQ(first_invalid_utf8("\x80"), 0U);              // a continuation alone
  EXPECT_EQ(first_invalid_utf8("a\xC0\xAF"), 1U);         // overlong
  EXPECT_EQ(first_invalid_utf8("\xE0\x80\x80"), 0U);      // overlong
  EXPECT_EQ(first_invalid_utf8("\xF0\x80\x80\x80"), 0U);  // overlong
  EXPECT_EQ(first_invalid_utf8("\xED\xA0\x80"), 0U);      // a surrogate
  EXPECT_EQ(first_invalid_utf8("\xF4\x90\x80\x80"), 0U);  // above U+10FFFF
  EXPECT_EQ(first_invalid_utf8("ok\xE2\x82"), 2U);        // cut off
}

TEST(Text, QuotesShowWhatATerminalWouldActOn) {
  EXPECT_EQ(in_quotes("a\x1B[31m"), "\"a\xEF\xBF\xBD[31m\"");
  EXPECT_EQ(in_quotes("\xC2\x9B"
                      "x"),
            "\"\xEF\xBF\xBDx\"");  // C1: also starts a sequence
  EXPECT_EQ(in_quotes("\xFF"), "\"\xEF\xBF\xBD\"");
}

TEST(Text, WhatTurnsTheDirectionOfWritingIsNotPrinted) {
  for (const char* mark : {"\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069"}) {
    EXPECT_EQ(printable(std::string("a") + mark + "b"),
              "a\xEF\xBF\xBD"
              "b")
        << mark;
  }
  for (const char* text : {"\u2027", "\u202f", "\u2065", "\u206a", "€", "שלום"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Text, LongQuotesAreCutBetweenCodePoints) {
  EXPECT_EQ(in_quotes("abcdef", 3), "\"abc…\"");
  EXPECT_EQ(in_quotes("ab€€", 3), "\"ab…\"");
}

TEST(Text, CodePointsAreCountedAndNotBytes) { EXPECT_EQ(count_code_points("a€😀"), 3U); }

}  // namespace
}  // namespace edgetran::base
