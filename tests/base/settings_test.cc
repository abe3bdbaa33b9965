#include "base/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgetran::base {
namespace {

using ::testing::HasSubstr;

struct Config {
  bool shuffle = true;
  int64_t batch_size = 32;
  double learning_rate = 1e-3;
  std::string name = "run";
  std::string precision = "fp32";
};

Settings<Config> settings() {
  Settings<Config> settings;
  settings.boolean("shuffle", &Config::shuffle, "Mix the rows.")
      .integer("batch_size", &Config::batch_size, 1, 1024, "rows", "Rows a step.")
      .number("learning_rate", &Config::learning_rate, 0, 1, "", "Peak step size.")
      .string("name", &Config::name, "Name of the run.")
      .choice("precision", &Config::precision, {"fp32", "bf16"}, "Arithmetic.");
  return settings;
}

Status read(std::string_view yaml, Config& config) {
  ConfigMap map = ConfigMap::of(ConfigValue::parse_yaml(yaml, "s.yaml").value()).value();
  EDGETRAN_TRY(settings().read(map, config));
  return map.finish();
}

TEST(Settings, FlagNamesAreKebabCase) {
  EXPECT_EQ(flag_name("learning_rate"), "learning-rate");
  EXPECT_EQ(flag_name("name"), "name");
}

TEST(Settings, ReadChangesOnlyThePresentKeys) {
  Config config;
  ASSERT_TRUE(read("batch_size: 8\nprecision: bf16\n", config).has_value());
  EXPECT_EQ(config.batch_size, 8);
  EXPECT_EQ(config.precision, "bf16");
  EXPECT_EQ(config.learning_rate, 1e-3);
}

TEST(Settings, ReadChecksRangesAtTheirPlaceInTheFile) {
  Config config;
  EXPECT_THAT(read("name: x\nbatch_size: 0\n", config).error().message,
              HasSubstr("s.yaml:2:13: batch_size must be an integer from 1 to 1024, not 0"));
  EXPECT_EQ(config.batch_size, 32);
}

TEST(Settings, ReadMakesTheKeysKnown) {
  Config config;
  EXPECT_EQ(read("batch_sise: 8\n", config).error().hint, "did you mean \"batch_size\"?");
}

TEST(Settings, SetTakesTextOfEveryTypeUnderBothSpellings) {
  Config config;
  for (const auto& [name, value] : {std::pair{"shuffle", "false"},
                                    {"batch-size", "64"},
                                    {"learning_rate", "3e-4"},
                                    {"name", "12"},
                                    {"precision", "bf16"}})
    ASSERT_TRUE(settings().set(config, name, value).has_value()) << name;
  EXPECT_FALSE(config.shuffle);
  EXPECT_EQ(config.batch_size, 64);
  EXPECT_EQ(config.learning_rate, 3e-4);
  EXPECT_EQ(config.name, "12");
  EXPECT_EQ(config.precision, "bf16");
}

TEST(Settings, SetGivesTheSameErrorsUnderTheNameOfTheFlag) {
  Config config;
  EXPECT_EQ(settings().set(config, "batch_size", "0").error().message,
            "--batch-size: must be an integer from 1 to 1024, not 0");
  EXPECT_EQ(settings().set(config, "batch_size", "many").error().message,
            "--batch-size: must be an integer from 1 to 1024, not the string \"many\"");
  EXPECT_EQ(settings().set(config, "shuffle", "maybe").error().message,
            "--shuffle: must be true or false, not the string \"maybe\"");
  EXPECT_EQ(settings().set(config, "precision", "bf61").error().hint, "did you mean \"bf16\"?");
}

TEST(Settings, SetOfAnUnknownNameNamesTheNearest) {
  Config config;
  const Error error = settings().set(config, "learning-rat", "1").error();
  EXPECT_EQ(error.message, "unknown setting --learning-rat");
  EXPECT_EQ(error.hint, "did you mean --learning-rate?");
}

TEST(Settings, WrittenSettingsReadBack) {
  Config config;
  config.batch_size = 7;
  config.learning_rate = 0.1;
  config.shuffle = false;
  Config back;
  ASSERT_TRUE(read(dump_json(settings().write(config)), back).has_value());
  EXPECT_EQ(dump_json(settings().write(back)), dump_json(settings().write(config)));
}

TEST(Settings, DefaultsAreThoseOfTheStruct) {
  EXPECT_EQ(settings().infos()[1].default_value, Json(32));
  EXPECT_EQ(settings().infos()[4].default_value, Json("fp32"));
}

TEST(Settings, SchemaSaysTypeRangeAndDefault) {
  const Json schema = settings_schema(settings().infos());
  EXPECT_EQ(dump_json(schema["batch_size"]),
            R"({"type":"integer","description":"Rows a step. Unit: rows.","default":32,)"
            R"("minimum":1,"maximum":1024})");
  EXPECT_EQ(dump_json(schema["precision"]["enum"]), R"(["fp32","bf16"])");
  EXPECT_EQ(schema["shuffle"]["type"], "boolean");
}

TEST(Settings, SchemaLeavesOpenRangesOut) {
  Settings<Config> open;
  open.integer("batch_size", &Config::batch_size, 1, INT64_MAX, "", "Rows.");
  const Json schema = settings_schema(open.infos());
  EXPECT_TRUE(schema["batch_size"].contains("minimum"));
  EXPECT_FALSE(schema["batch_size"].contains("maximum"));
}

struct Listed {
  std::vector<std::string> devices;
};

Settings<Listed> listed() {
  Settings<Listed> settings;
  settings.strings("device", &Listed::devices, "Cards.");
  return settings;
}

TEST(Settings, TextsAddToAListAndAListTakesItsPlace) {
  Listed config;
  ASSERT_TRUE(listed().set(config, "device", "a.yaml"));
  ASSERT_TRUE(listed().set(config, "device", "b.yaml"));
  EXPECT_THAT(config.devices, testing::ElementsAre("a.yaml", "b.yaml"));
  ConfigMap map =
      ConfigMap::of(ConfigValue::parse_yaml("device: [c.yaml]\n", "s.yaml").value()).value();
  ASSERT_TRUE(listed().read(map, config));
  EXPECT_THAT(config.devices, testing::ElementsAre("c.yaml"));
}

TEST(Settings, AListIsAnArrayOfStringsInTheSchema) {
  const Json schema = settings_schema(listed().infos()).at("device");
  EXPECT_EQ(schema.at("type"), "array");
  EXPECT_EQ(schema.at("items").at("type"), "string");
  EXPECT_EQ(schema.at("default"), Json::array());
}

}  // namespace
}  // namespace edgetran::base
