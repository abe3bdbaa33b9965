#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config.h"

namespace edgetran::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ConfigValue yaml(std::string_view text) { return ConfigValue::parse_yaml(text, "s.yaml").value(); }

ConfigMap map_of(std::string_view text) { return ConfigMap::of(yaml(text)).value(); }

TEST(ConfigValue, WrongTypesNameWhatIsAllowedAndWhatWasSeen) {
  ConfigMap map = map_of("flag: no\nwidth: 1.5\nname: 7\n");
  const Error flag = map.require("flag")->as_boolean().error();
  EXPECT_THAT(flag.message,
              HasSubstr("s.yaml:1:7: flag must be true or false, not the string \"no\""));
  EXPECT_EQ(flag.hint, "write true or false");
  EXPECT_THAT(map.require("width")->as_integer(1, 8).error().message,
              HasSubstr("width must be an integer from 1 to 8, not 1.5"));
  const Error name = map.require("name")->as_string().error();
  EXPECT_THAT(name.message, HasSubstr("name must be a string, not 7"));
  EXPECT_EQ(name.hint, "put it in quotes");
  EXPECT_THAT(map.require("name")->as_list().error().message, HasSubstr("must be a list, not 7"));
  EXPECT_THAT(ConfigMap::of(*map.require("name")).error().message, HasSubstr("must be a map"));
}

TEST(ConfigValue, ErrorsAreUsageErrors) {
  EXPECT_EQ(yaml("x").as_integer().error().category, ErrorCategory::kUsage);
}

TEST(ConfigValue, IntegerRangeIsClosed) {
  EXPECT_EQ(yaml("1").as_integer(1, 8).value(), 1);
  EXPECT_EQ(yaml("8").as_integer(1, 8).value(), 8);
  EXPECT_FALSE(yaml("0").as_integer(1, 8).has_value());
  EXPECT_FALSE(yaml("9").as_integer(1, 8).has_value());
  EXPECT_THAT(yaml("0").as_integer(1).error().message,
              HasSubstr("an integer of at least 1, not 0"));
}

TEST(ConfigValue, IntegerBeyondSixtyFourBitsIsRefused) {
  EXPECT_FALSE(yaml("9223372036854775808").as_integer().has_value());
  EXPECT_FALSE(yaml("99999999999999999999999").as_integer().has_value());
  EXPECT_EQ(yaml("-9223372036854775808").as_integer().value(), INT64_MIN);
}

TEST(ConfigValue, NumberTakesIntegersAndOnlyFiniteValues) {
  EXPECT_EQ(yaml("3").as_number().value(), 3.0);
  EXPECT_EQ(yaml("-2.5").as_number(-2.5, 0).value(), -2.5);
  for (const char* text : {".inf", ".nan", "'3'", "true"})
    EXPECT_FALSE(yaml(text).as_number().has_value()) << text;
  EXPECT_THAT(yaml("2").as_number(0, 1).error().message, HasSubstr("a number from 0 to 1, not 2"));
}

TEST(ConfigValue, ChoiceNamesTheNearest) {
  const std::vector<std::string> choices = {"fp32", "bf16"};
  EXPECT_EQ(yaml("bf16").as_choice(choices).value(), "bf16");
  const Error error = yaml("fp23").as_choice(choices).error();
  EXPECT_THAT(error.message, HasSubstr("must be one of fp32 or bf16, not the string \"fp23\""));
  EXPECT_EQ(error.hint, "did you mean \"fp32\"?");
  EXPECT_FALSE(yaml("7").as_choice(choices).has_value());
}

TEST(ConfigValue, ListsOfScalarsAreCheckedElementByElement) {
  EXPECT_THAT(yaml("[1, 2]").as_integers(0, 9).value(), ElementsAre(1, 2));
  EXPECT_THAT(yaml("[1, 20]").as_integers(0, 9).error().message,
              HasSubstr("s.yaml:1:5: 1 must be an integer from 0 to 9, not 20"));
  EXPECT_THAT(yaml("[a, 'b c']").as_strings().value(), ElementsAre("a", "b c"));
}

TEST(ConfigValue, LongLinesAreCutAroundTheCaret) {
  const std::string text =
      "{a: '" + std::string(500, 'x') + "', b: 1, c: '" + std::string(500, 'y') + "'}";
  ConfigMap map = map_of(text);
  const std::string message = map.require("b")->as_string().error().message;
  EXPECT_LT(message.size(), 260U);
  const size_t source = message.find('\n') + 1;
  const size_t caret = message.rfind('\n') + 1;
  EXPECT_THAT(message, HasSubstr("…"));
  // The cut mark is one column but three bytes.
  EXPECT_EQ(message[source + (message.size() - 1 - caret) + 2], '1') << message;
}

TEST(ConfigMap, UnknownKeyStandsAtItsPlaceAndNamesTheNearest) {
  ConfigMap map = map_of("length: 3\nwdith: 4\n");
  map.find("length");
  map.find("width");
  const Error error = map.finish().error();
  EXPECT_EQ(error.message, "s.yaml:2:1: unknown key \"wdith\"\n    wdith: 4\n    ^");
  EXPECT_EQ(error.hint, "did you mean \"width\"?");
}

TEST(ConfigMap, UnknownKeyFarFromAllListsWhatIsKnown) {
  ConfigMap map = map_of("zzzzzz: 4\n");
  map.find("length");
  map.find("width");
  EXPECT_EQ(map.finish().error().hint, "known: length and width");
}

TEST(ConfigMap, FinishPassesWhenEveryKeyWasAskedFor) {
  ConfigMap map = map_of("a: 1\nb: ~\n");
  EXPECT_TRUE(map.require("a").has_value());
  EXPECT_FALSE(map.find("b").has_value());  // null counts as absent
  EXPECT_FALSE(map.find("c").has_value());
  EXPECT_TRUE(map.finish().has_value());
  EXPECT_THAT(map.keys(), ElementsAre("a", "b"));
}

TEST(ConfigMap, MissingKeyIsNamedWithItsMap) {
  ConfigMap map = map_of("outer:\n  a: 1\n");
  ConfigMap inner = ConfigMap::of(*map.require("outer")).value();
  EXPECT_THAT(inner.require("b").error().message,
              HasSubstr("s.yaml:2:3: outer: key \"b\" is missing\n      a: 1\n      ^"));
}

TEST(ConfigMap, AMisspeltRequiredKeyIsToldAtItsPlace) {
  const auto value = ConfigValue::parse_yaml("law:\n  seed: 1\n  noise_shar: 2\n", "s.yaml");
  ASSERT_TRUE(value);
  auto outer = ConfigMap::of(*value);
  ASSERT_TRUE(outer);
  auto law = ConfigMap::of(*outer->require("law"));
  ASSERT_TRUE(law);
  const auto missing = law->require("noise_share");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message,
              HasSubstr("s.yaml:3:3: law: key \"noise_share\" is missing"));
  EXPECT_EQ(missing.error().hint, "is \"noise_shar\" meant to be it?");
}

TEST(NearestName, FindsSwapsOmissionsAndCase) {
  const std::vector<std::string> names = {"learning_rate", "batch", "length"};
  EXPECT_EQ(nearest_name("lenght", names), "length");
  EXPECT_EQ(nearest_name("learning-rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("BATCH", names), "batch");
}

TEST(NearestName, IsSilentWhereNothingIsNear) {
  EXPECT_EQ(nearest_name("seed", {"batch", "length"}), std::nullopt);
  EXPECT_EQ(nearest_name("", {"a"}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), {std::string(100'000, 'a')}), std::nullopt);
}

}  // namespace
}  // namespace edgetran::base
