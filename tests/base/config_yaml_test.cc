#include <gtest/gtest.h>

#include <cmath>

#include "base/config.h"

namespace edgetran::base {
namespace {

using Kind = ConfigValue::Kind;

ConfigValue yaml(std::string_view text) {
  auto value = ConfigValue::parse_yaml(text, "s.yaml");
  EXPECT_TRUE(value.has_value()) << value.error().message;
  return value.value();
}

std::string error_of(std::string_view text) {
  const auto result = ConfigValue::parse_yaml(text, "s.yaml");
  return result ? "no error: " + dump_json(result->to_json()) : result.error().message;
}

TEST(ConfigYaml, ReadsMapsListsAndScalars) {
  EXPECT_EQ(
      dump_json(yaml("name: demo\nlayers:\n  - {width: 64, heads: [a, b]}\n  - 1.5\n").to_json()),
      R"({"name":"demo","layers":[{"width":64,"heads":["a","b"]},1.5]})");
}

TEST(ConfigYaml, PlainScalarsFollowTheCoreSchema) {
  const auto kind = [](const char* text) { return yaml(text).kind(); };
  for (const char* text : {"null", "~", "Null", "NULL", ""})
    EXPECT_EQ(kind(text), Kind::kNull) << text;
  for (const char* text : {"true", "True", "FALSE"}) EXPECT_EQ(kind(text), Kind::kBoolean) << text;
  for (const char* text : {"0", "-12", "+3", "0o17", "0xFf", "007"})
    EXPECT_EQ(kind(text), Kind::kInteger) << text;
  for (const char* text : {"1.5", ".5", "1.", "1e3", "-1E-3", ".inf", "-.Inf", ".nan"})
    EXPECT_EQ(kind(text), Kind::kNumber) << text;
  for (const char* text : {"no", "yes", "on", "Off", "y", "1_000", "1:30", "0b1", "1e", ".", "-x",
                           "tRUE", "2001-01-01", "0x", "1.2.3", "infinity"}) {
    EXPECT_EQ(kind(text), Kind::kString) << text;
  }
}

TEST(ConfigYaml, RadixIntegersHaveTheirValue) {
  EXPECT_EQ(yaml("0o17").as_integer().value(), 15);
  EXPECT_EQ(yaml("0xFf").as_integer().value(), 255);
}

TEST(ConfigYaml, QuotedScalarsStayStrings) {
  for (const char* text : {"'12'", "\"true\"", "'~'", "''"})
    EXPECT_EQ(yaml(text).kind(), Kind::kString) << text;
}

TEST(ConfigYaml, DuplicateKeyShowsBothPlaces) {
  EXPECT_EQ(error_of("a: 1\nb: 2\na: 3\n"),
            "s.yaml:3:1: duplicate key \"a\" (first in line 1)\n    a: 3\n    ^");
}

TEST(ConfigYaml, TabInIndentationIsRefused) {
  EXPECT_EQ(error_of("a:\n\tb: 1\n").substr(0, 40), "s.yaml:2:1: a tab in the indentation\n   ");
}

TEST(ConfigYaml, TabAfterTextIsAllowed) { EXPECT_EQ(yaml("a: 1\t# note\n").kind(), Kind::kMap); }

TEST(ConfigYaml, AnchorsAliasesAndTagsAreRefusedAtTheirPlace) {
  EXPECT_NE(error_of("a: &x 1\n").find("s.yaml:1:4: anchors"), std::string::npos);
  EXPECT_NE(error_of("a: &x 1\nb: *x\n").find("anchors"), std::string::npos);
  EXPECT_NE(error_of("a: !!str 1\n").find("s.yaml:1:4: tags"), std::string::npos);
  EXPECT_NE(error_of("a: ! x\n").find("tags"), std::string::npos);
  EXPECT_NE(error_of("a: !t [1]\n").find("tags"), std::string::npos);
  EXPECT_NE(error_of("a: !t {}\n").find("tags"), std::string::npos);
}

TEST(ConfigYaml, SecondDocumentIsRefused) {
  EXPECT_NE(error_of("a: 1\n---\nb: 2\n").find("a second document"), std::string::npos);
}

TEST(ConfigYaml, KeysMustBeScalars) {
  EXPECT_NE(error_of("? [a]\n: 1\n").find("a key must be a single word"), std::string::npos);
  EXPECT_NE(error_of(": 1\n").find("expected a key"), std::string::npos);
}

TEST(ConfigYaml, MalformedTextHasItsPlaceAndACaret) {
  const std::string message = error_of("a: 1\nb: [1, 2\nc: 3\n");
  EXPECT_EQ(message.substr(0, 9), "s.yaml:3:") << message;
  EXPECT_NE(message.find("\n    c: 3\n"), std::string::npos) << message;
  EXPECT_EQ(message.back(), '^');
}

TEST(ConfigYaml, CommonMistakesAreExplained) {
  EXPECT_EQ(error_of("a: 1\n  b: 2\n"),
            "s.yaml:2:4: a 'key: value' cannot stand here\n      b: 2\n       ^");
  EXPECT_NE(error_of("a: [1\n").find("a list that begins with [ is not closed"), std::string::npos);
  EXPECT_NE(error_of("a: {b: 1\n").find("a map that begins with { is not closed"),
            std::string::npos);
  EXPECT_NE(error_of("a: 'x\n").find("a quoted string has no end"), std::string::npos);
  EXPECT_NE(error_of("a: @x\n").find("s.yaml:1:4: this character cannot start a value"),
            std::string::npos);
  EXPECT_NE(error_of("a:\n    b: 1\n  c: 2\n").find("fits neither the map above"),
            std::string::npos);
}

TEST(ConfigYaml, QuotesInsideQuotedStringsDoNotCloseThem) {
  EXPECT_EQ(yaml("'it''s'").as_string().value(), "it's");
  EXPECT_EQ(yaml(R"("a\"b")").as_string().value(), "a\"b");
  EXPECT_NE(error_of("'it''").find("no end"), std::string::npos);
  EXPECT_NE(error_of("\"a\\\"").find("no end"), std::string::npos);
}

TEST(ConfigYaml, InvalidUtf8NamesItsByte) {
  EXPECT_EQ(error_of(std::string(200, '\x98')).substr(0, 12), "s.yaml:1:1: ");
  EXPECT_NE(error_of("a: \xFF\n").find("byte 3 (0xFF) is not valid UTF-8"), std::string::npos);
}

TEST(ConfigYaml, ControlCharactersAreRefused) {
  EXPECT_NE(error_of("a: \x1B[0m").find("s.yaml:1:4: a control character (0x1B)"),
            std::string::npos);
  EXPECT_NE(error_of(std::string_view("a: \0", 4)).find("0x00"), std::string::npos);
  EXPECT_EQ(yaml("a: 1\r\nb: 2\r\n").kind(), Kind::kMap);  // line ends of Windows are fine
}

TEST(ConfigYaml, NestingIsLimited) {
  EXPECT_NE(error_of(std::string(65, '[') + std::string(65, ']')).find("nested deeper"),
            std::string::npos);
  EXPECT_EQ(yaml(std::string(64, '[') + std::string(64, ']')).kind(), Kind::kList);
  EXPECT_EQ(error_of(std::string(100'000, '[')).substr(0, 7), "s.yaml:");
}

TEST(ConfigYaml, TooLargeDocumentIsRefusedUnread) {
  EXPECT_NE(error_of(std::string((size_t{64} << 20) + 1, ' ')).find("the limit is"),
            std::string::npos);
}

TEST(ConfigYaml, NumberBeyondAllDoublesIsRefused) {
  EXPECT_NE(error_of("a: 1e999\n").find("too large"), std::string::npos);
}

TEST(ConfigYaml, EmptyTextIsNull) {
  EXPECT_EQ(yaml("").kind(), Kind::kNull);
  EXPECT_EQ(yaml("# only a comment\n").kind(), Kind::kNull);
}

TEST(ConfigYaml, ByteOrderMarkDoesNotShiftPositions) {
  EXPECT_EQ(error_of("\xEF\xBB\xBF"
                     "b: 1\nb: 2\n")
                .substr(0, 12),
            "s.yaml:2:1: ");
}

TEST(ConfigYaml, LocationIsThatOfTheValue) {
  ConfigMap map = ConfigMap::of(yaml("a: 1\nbb:\n  - 5\n  - {c:   7}\n")).value();
  const auto list = map.require("bb").value().as_list().value();
  EXPECT_EQ(list[0].location().line, 3);
  EXPECT_EQ(list[0].location().column, 5);
  ConfigMap inner = ConfigMap::of(list[1]).value();
  const ConfigValue seven = inner.require("c").value();
  EXPECT_EQ(seven.location().line, 4);
  EXPECT_EQ(seven.location().column, 11);
  EXPECT_EQ(seven.path(), "bb.1.c");
}

TEST(ConfigYaml, EmptyValueStandsAtItsKey) {
  ConfigMap map = ConfigMap::of(yaml("a:\nb: 2\n")).value();
  EXPECT_EQ(map.require("a").value().location().line, 1);
}

}  // namespace
}  // namespace edgetran::base
