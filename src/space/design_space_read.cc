#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "space/design_space.h"
#include "space/spec_reading.h"

namespace edgetran::space {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::Result;

constexpr std::string_view kSpaceFormat = "edgetran.space/1";
constexpr std::string_view kDerived = "derived";
constexpr size_t kMaxChoices = 256;
constexpr size_t kMaxHeadTypes = 64;
constexpr size_t kMaxStackSizes = 64;

/// The values of `list` without repeats, ascending.
Result<std::vector<int64_t>> read_choices(const ConfigValue& list, int64_t high,
                                          size_t most = kMaxChoices) {
  EDGETRAN_ASSIGN(auto items, list_between(list, 1, most, "choices"));
  std::vector<int64_t> values;
  for (const ConfigValue& item : items) {
    EDGETRAN_ASSIGN(const int64_t value, item.as_integer(1, high));
    if (std::ranges::find(values, value) != values.end()) {
      return base::fail(item.error(fmt::format("{} stands twice in this list", value)));
    }
    values.push_back(value);
  }
  std::ranges::sort(values);
  return values;
}

Result<std::vector<int64_t>> require_choices(ConfigMap& map, const std::string& key, int64_t high,
                                             size_t most = kMaxChoices) {
  EDGETRAN_ASSIGN(ConfigValue list, map.require(key));
  return read_choices(list, high, most);
}

/// A list, or "derived" (the default): an empty list.
Result<std::vector<int64_t>> derived_or_choices(ConfigMap& map, const std::string& key) {
  const auto value = map.find(key);
  if (!value) return std::vector<int64_t>{};
  if (value->kind() == ConfigValue::Kind::kString) {
    const std::vector<std::string> words = {std::string(kDerived)};
    EDGETRAN_TRY(value->as_choice(words));
    return std::vector<int64_t>{};
  }
  return read_choices(*value, kMaxWidth);
}

Result<std::vector<std::string>> read_head_types(const ConfigValue& list) {
  EDGETRAN_ASSIGN(auto items, list_between(list, 1, kMaxHeadTypes, "head types"));
  std::vector<std::string> types;
  for (const ConfigValue& item : items) {
    EDGETRAN_ASSIGN(std::string type, read_head_type(item));
    if (std::ranges::find(types, type) != types.end()) {
      return base::fail(item.error(fmt::format("{} stands twice in this list", type)));
    }
    types.push_back(std::move(type));
  }
  return types;
}

/// One kind or a list of kinds; absolute where absent.
Result<std::vector<PositionKind>> read_positions(ConfigMap& map) {
  const auto value = map.find("position");
  if (!value) return std::vector<PositionKind>{PositionKind::kAbsolute};
  std::vector<ConfigValue> items = {*value};
  if (value->kind() == ConfigValue::Kind::kList) {
    EDGETRAN_ASSIGN(items, list_between(*value, 1, 2, "position kinds"));
  }
  std::vector<PositionKind> kinds;
  for (const ConfigValue& item : items) {
    EDGETRAN_ASSIGN(const PositionKind kind, read_position_kind(item));
    if (std::ranges::find(kinds, kind) != kinds.end()) {
      return base::fail(
          item.error(fmt::format("{} stands twice in this list", position_name(kind))));
    }
    kinds.push_back(kind);
  }
  std::ranges::sort(kinds);
  return kinds;
}

base::Status read_feed_forward(ConfigMap& outer, DesignSpace& space) {
  EDGETRAN_ASSIGN(ConfigValue value, outer.require("feed_forward"));
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_ASSIGN(space.feed_forward_depths, require_choices(map, "depth", kMaxStack));
  EDGETRAN_ASSIGN(space.feed_forward_sizes,
                  require_choices(map, "sizes", kMaxWidth, kMaxStackSizes));
  return map.finish();
}

base::Status read_heads(ConfigMap& map, DesignSpace& space) {
  EDGETRAN_ASSIGN(ConfigValue numbers, map.require("heads"));
  EDGETRAN_ASSIGN(space.heads, read_choices(numbers, kMaxHeads));
  EDGETRAN_ASSIGN(ConfigValue types, map.require("head_types"));
  EDGETRAN_ASSIGN(space.head_types, read_head_types(types));
  EDGETRAN_ASSIGN(space.head_widths, derived_or_choices(map, "head_width"));
  if (space.head_widths.empty() && space.heads.back() > space.widths.front()) {
    return base::fail(numbers.error(
        fmt::format("{} heads do not fit a width of {}", space.heads.back(), space.widths.front()),
        "list head_width, or take fewer heads or wider layers"));
  }
  const auto type_count = static_cast<int64_t>(space.head_types.size());
  if (head_multisets(space.heads.back(), type_count) > kMaxHeadMultisets) {
    return base::fail(
        numbers.error(fmt::format("{} heads of {} types can be combined in more than 2^48 ways",
                                  space.heads.back(), type_count),
                      "take fewer heads or fewer head types"));
  }
  return {};
}

}  // namespace

Result<DesignSpace> read_design_space(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_ASSIGN(ConfigValue format, map.require("format"));
  const std::vector<std::string> formats = {std::string(kSpaceFormat)};
  EDGETRAN_TRY(format.as_choice(formats));
  DesignSpace space;
  if (auto name = map.find("name")) {
    EDGETRAN_ASSIGN(space.name, name->as_string());
  }
  EDGETRAN_ASSIGN(space.layers, require_choices(map, "layers", kMaxLayers));
  EDGETRAN_ASSIGN(space.widths, require_choices(map, "width", kMaxWidth));
  EDGETRAN_TRY(read_heads(map, space));
  EDGETRAN_TRY(read_feed_forward(map, space));
  EDGETRAN_ASSIGN(space.position, read_positions(map));
  EDGETRAN_ASSIGN(space.embeddings, derived_or_choices(map, "embedding"));
  EDGETRAN_ASSIGN(space.vocabulary, read_size(map, "vocabulary", kMaxVocabulary, space.vocabulary));
  EDGETRAN_ASSIGN(space.positions, read_size(map, "positions", kMaxPositions, space.positions));
  EDGETRAN_ASSIGN(space.types, read_size(map, "types", kMaxTokenTypes, space.types));
  EDGETRAN_TRY(map.finish());
  return space;
}

Result<DesignSpace> read_design_space_file(const std::filesystem::path& path) {
  EDGETRAN_ASSIGN(ConfigValue value, ConfigValue::read_file(path));
  return read_design_space(value);
}

base::Json design_space_json(const DesignSpace& space) {
  const auto list_or_derived = [](const std::vector<int64_t>& values) {
    return values.empty() ? base::Json(kDerived) : base::Json(values);
  };
  base::Json kinds = base::Json::array();
  for (const PositionKind kind : space.position) kinds.push_back(position_name(kind));
  base::Json json;
  json["format"] = kSpaceFormat;
  json["name"] = space.name;
  json["layers"] = space.layers;
  json["width"] = space.widths;
  json["heads"] = space.heads;
  json["head_types"] = space.head_types;
  json["head_width"] = list_or_derived(space.head_widths);
  json["feed_forward"] = {{"depth", space.feed_forward_depths},
                          {"sizes", space.feed_forward_sizes}};
  json["position"] = std::move(kinds);
  json["embedding"] = list_or_derived(space.embeddings);
  json["vocabulary"] = space.vocabulary;
  json["positions"] = space.positions;
  json["types"] = space.types;
  return json;
}

}  // namespace edgetran::space
