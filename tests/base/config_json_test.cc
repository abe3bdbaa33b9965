#include <gtest/gtest.h>

#include "base/config.h"
#include "base/files.h"

namespace edgetran::base {
namespace {

TEST(ConfigJson, ValuesKnowTheirPlaces) {
  const auto root = ConfigValue::parse_json("{\"a\": 1,\n  \"b\": [2, \"x\"]}", "s.json").value();
  ConfigMap map = ConfigMap::of(root).value();
  const auto list = map.require("b").value().as_list().value();
  EXPECT_EQ(list[1].location().line, 2);
  EXPECT_EQ(list[1].location().column, 12);
  EXPECT_EQ(list[1].as_integer().error().message,
            "s.json:2:12: b.1 must be an integer, not the string \"x\"\n"
            "      \"b\": [2, \"x\"]}\n               ^");
}

TEST(ConfigJson, DuplicateKeyShowsBothPlaces) {
  EXPECT_EQ(ConfigValue::parse_json("{\"a\": 1,\n\"a\": 2}", "s.json").error().message,
            "s.json:2:1: duplicate key \"a\" (first in line 1)\n    \"a\": 2}\n    ^");
}

TEST(ConfigJson, TooManyValuesAreRefused) {
  std::string text = "[";
  for (int i = 0; i < 1'000'000; ++i) text += "1,";
  text.back() = ']';
  EXPECT_NE(ConfigValue::parse_json(text, "s").error().message.find("more than 1000000 values"),
            std::string::npos);
}

TEST(ConfigJson, YamlOnlyTextIsRefused) {
  EXPECT_FALSE(ConfigValue::parse_json("a: 1", "s.json").has_value());
}

TEST(ConfigJson, RoundTripsThroughToJson) {
  const char* text = R"({"b":[1,-2.5,true,null,"x",{}],"a":18446744073709551615})";
  EXPECT_EQ(dump_json(ConfigValue::parse_json(text, "s").value().to_json()), text);
  const Json json = parse_json(text, "s").value();
  EXPECT_EQ(ConfigValue::from_json(json, "s").to_json(), json);
}

TEST(ConfigJson, MadeValuesAreNamedByPointer) {
  const Json json = parse_json(R"({"layers": [{"a/b": "wide"}]})", "s").value();
  ConfigMap root = ConfigMap::of(ConfigValue::from_json(json, "request")).value();
  ConfigMap layer = ConfigMap::of(root.require("layers")->as_list()->at(0)).value();
  EXPECT_EQ(layer.require("a/b")->as_integer().error().message,
            "request: /layers/0/a~1b: layers.0.a/b must be an integer, not the string \"wide\"");
}

TEST(ConfigJson, MadeValuesMayBeDeeperAndLargerThanDocuments) {
  Json deep = 1;
  for (int i = 0; i < 200; ++i) deep = Json::array({std::move(deep)});
  EXPECT_EQ(ConfigValue::from_json(deep, "r").to_json(), deep);
  const Json wide(std::vector<int>(1'000'001, 0));
  EXPECT_EQ(ConfigValue::from_json(wide, "r").as_list()->size(), 1'000'001U);
}

TEST(ConfigFile, IsReadByItsExtension) {
  const TemporaryFolder folder = TemporaryFolder::create("config").value();
  ASSERT_TRUE(write_file_atomic(folder.path() / "a.yaml", "x: no\n"));
  ASSERT_TRUE(write_file_atomic(folder.path() / "a.json", "x: no\n"));
  EXPECT_EQ(dump_json(ConfigValue::read_file(folder.path() / "a.yaml")->to_json()),
            R"({"x":"no"})");
  EXPECT_FALSE(ConfigValue::read_file(folder.path() / "a.json").has_value());
}

TEST(ConfigFile, MissingFileIsNotFoundAndAFolderIsUsage) {
  EXPECT_EQ(ConfigValue::read_file("/no/such.yaml").error().category, ErrorCategory::kNotFound);
  EXPECT_EQ(ConfigValue::read_file("/tmp").error().category, ErrorCategory::kUsage);
}

}  // namespace
}  // namespace edgetran::base
