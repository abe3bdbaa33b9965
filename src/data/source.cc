#include "data/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/settings.h"

namespace edgetran::data {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::Result;

using Source = std::unique_ptr<DataSource>;

Result<Source> read_wordnet(ConfigMap& map) {
  WordNetSettings settings;
  EDGETRAN_TRY(wordnet_settings().read(map, settings));
  if (settings.dev_share + settings.test_share >= 1)
    return base::fail(
        map.value().error(fmt::format("dev_share {} and test_share {} leave nothing to train on",
                                      settings.dev_share, settings.test_share),
                          "their sum must be under 1"));
  return make_wordnet_source(std::move(settings));
}

Result<Source> read_text(ConfigMap& map) {
  TextSettings settings;
  EDGETRAN_ASSIGN(const ConfigValue file, map.require("file"));
  EDGETRAN_ASSIGN(settings.file, file.as_string());
  EDGETRAN_TRY(text_settings().read(map, settings));
  return make_text_source(std::move(settings));
}

// A name or a list of one or two.
Result<std::vector<std::string>> text_columns(const ConfigValue& value) {
  if (value.kind() != ConfigValue::Kind::kList) {
    EDGETRAN_ASSIGN(std::string one, value.as_string());
    return std::vector<std::string>{std::move(one)};
  }
  EDGETRAN_ASSIGN(std::vector<std::string> columns, value.as_strings());
  if (columns.empty() || columns.size() > 2)
    return base::fail(
        value.error(fmt::format("{} text columns; one or two are allowed", columns.size())));
  return columns;
}

Result<Source> read_table(ConfigMap& map) {
  TableSettings settings;
  for (const char* split : {"train", "dev", "test"})
    if (const auto value = map.find(split)) {
      EDGETRAN_ASSIGN(std::string file, value->as_string());
      settings.splits.push_back({split, std::move(file)});
    }
  if (settings.splits.empty())
    return base::fail(
        map.value().error("a table source names no file", "give 'train', 'dev' or 'test'"));
  EDGETRAN_ASSIGN(const ConfigValue text, map.require("text"));
  EDGETRAN_ASSIGN(settings.text_columns, text_columns(text));
  const auto score = map.find("score");
  const auto label = map.find("label");
  if (score.has_value() == label.has_value())
    return base::fail(
        map.value().error("a table source needs either 'label' or 'score'",
                          "'label' names a column of classes, 'score' one of numbers"));
  settings.kind = score ? Kind::kRegression : Kind::kClassification;
  EDGETRAN_ASSIGN(settings.label_column, (score ? *score : *label).as_string());
  if (const auto header = map.find("header")) {
    EDGETRAN_ASSIGN(settings.header, header->as_boolean());
  }
  return make_table_source(std::move(settings));
}

struct Entry {
  const char* name;
  Result<Source> (*read)(ConfigMap&);
};

// One line a kind of data.
constexpr Entry kSources[] = {
    {"wordnet", read_wordnet},
    {"text", read_text},
    {"table", read_table},
};

}  // namespace

base::Settings<WordNetSettings> wordnet_settings() {
  base::Settings<WordNetSettings> settings;
  settings
      .string("folder", &WordNetSettings::folder,
              "Folder that holds WordNet's data.noun and its like.")
      .integer("seed", &WordNetSettings::seed, 0, INT32_MAX, "", "Seed of the split by gloss.")
      .number("dev_share", &WordNetSettings::dev_share, 0, 1, "", "Share of the glosses in dev.")
      .number("test_share", &WordNetSettings::test_share, 0, 1, "",
              "Share of the glosses in test.");
  return settings;
}

base::Settings<TextSettings> text_settings() {
  base::Settings<TextSettings> settings;
  settings
      .string("valid_file", &TextSettings::valid_file,
              "Text to validate on; without it the end of the text is held out.")
      .number("valid_share", &TextSettings::valid_share, 0, 0.5, "",
              "Share of the text that is held out where valid_file is not given.");
  return settings;
}

Result<Source> make_source(const ConfigValue& description) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(description));
  EDGETRAN_ASSIGN(const ConfigValue name, map.require("source"));
  std::vector<std::string> names;
  for (const Entry& entry : kSources) names.emplace_back(entry.name);
  EDGETRAN_ASSIGN(const std::string chosen, name.as_choice(names));
  const auto* entry = std::find_if(std::begin(kSources), std::end(kSources),
                                   [&](const Entry& each) { return chosen == each.name; });
  EDGETRAN_ASSIGN(Source source, entry->read(map));
  EDGETRAN_TRY(map.finish());
  return source;
}

}  // namespace edgetran::data
