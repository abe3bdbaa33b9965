#include "base/json.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace edgetran::base {
namespace {

std::string error_of(std::string_view text) {
  const Result<Json> result = parse_json(text, "x.json");
  return result ? "no error" : result.error().message;
}

TEST(Json, KeepsTheOrderOfKeys) {
  const Json json = parse_json(R"({"b": 1, "a": [true, null, "x"]})", "x").value();
  EXPECT_EQ(dump_json(json), R"({"b":1,"a":[true,null,"x"]})");
}

TEST(Json, DuplicateKeyIsAnErrorAtTheSecond) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"a\": 2}"),
            "x.json:2:2: duplicate key \"a\"\n     \"a\": 2}\n     ^");
}

TEST(Json, SameKeyInTwoMapsIsFine) {
  EXPECT_TRUE(parse_json(R"([{"a": 1}, {"a": {"a": 2}}])", "x").has_value());
}

TEST(Json, TrailingBytesAreAnError) {
  EXPECT_EQ(error_of("{} x"),
            "x.json:1:4: unexpected text after the end of the document\n    {} x\n       ^");
}

TEST(Json, NestingIsLimitedToSixtyFour) {
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']'), "x").has_value());
  EXPECT_NE(error_of(std::string(65, '[') + std::string(65, ']')).find("1:65: nested deeper"),
            std::string::npos);
  EXPECT_NE(error_of(std::string(1'000'000, '[')).find("nested deeper"), std::string::npos);
}

TEST(Json, ColumnsCountCodePoints) {
  EXPECT_EQ(error_of("[\"€€\", x]"),
            "x.json:1:8: \"x\" is not a JSON value\n    [\"€€\", x]\n           ^");
}

TEST(Json, InvalidUtf8NamesItsByte) {
  EXPECT_NE(error_of("[\"a\xFF\"]").find("byte 3 (0xFF) is not valid UTF-8"), std::string::npos);
}

TEST(Json, MalformedTextsAreRefused) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "[1 2]",
                           "{\"a\" 1}",
                           "{\"a\":}",
                           "{a:1}",
                           "{,}",
                           "[,]",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "-",
                           "1e",
                           "1e+",
                           "tru",
                           "True",
                           "NaN",
                           "'a'",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\t\"",
                           "// c\n1",
                           "[1]]",
                           "1e999",
                           "{\"a\":1,}",
                           "\xEF\xBB"})
    EXPECT_FALSE(parse_json(text, "x").has_value()) << text;
}

TEST(Json, EscapesAreDecoded) {
  EXPECT_EQ(parse_json(R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00")", "x").value(),
            Json("\"\\/\b\f\n\r\té€😀"));
}

TEST(Json, IntegersKeepAllTheirDigits) {
  EXPECT_EQ(dump_json(parse_json("[-9223372036854775808,18446744073709551615]", "x").value()),
            "[-9223372036854775808,18446744073709551615]");
}

TEST(Json, ByteOrderMarkIsSkipped) {
  EXPECT_EQ(parse_json("\xEF\xBB\xBF[1]", "x").value(), Json::array({1}));
}

TEST(Json, ALargeMapIsReadInLinearTime) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"key" + std::to_string(i) + "\":0,";
  text.back() = '}';
  EXPECT_EQ(parse_json(text, "x").value().size(), 200'000U);
}

TEST(Json, DoublesRoundTripThroughDump) {
  RandomStream stream(1, "json");
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(stream.next_u64());
    if (!std::isfinite(value)) continue;
    const Json back = parse_json(dump_json(Json(value)), "x").value();
    EXPECT_EQ(std::bit_cast<uint64_t>(back.get<double>()), std::bit_cast<uint64_t>(value));
  }
}

TEST(Json, DumpReplacesWhatIsNotUtf8AndNotANumber) {
  EXPECT_EQ(dump_json(Json("a\xFF")), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(dump_json(Json(std::nan(""))), "null");
}

TEST(CanonicalJson, SortsKeysAtEveryLevel) {
  EXPECT_EQ(canonical_json(
                parse_json(R"({"b": {"z": 1, "y": [2, {"d":0,"c":0}]}, "a": 3})", "x").value()),
            R"({"a":3,"b":{"y":[2,{"c":0,"d":0}],"z":1}})");
}

TEST(CanonicalJson, EqualNumbersHaveEqualBytes) {
  EXPECT_EQ(canonical_json(Json(1.0)), canonical_json(Json(1)));
  EXPECT_EQ(canonical_json(Json(-0.0)), "0");
  EXPECT_EQ(canonical_json(Json(0.1)), "0.1");
  EXPECT_NE(canonical_json(Json(0.1)), canonical_json(Json(0.1 + 1e-16)));
}

}  // namespace
}  // namespace edgetran::base
