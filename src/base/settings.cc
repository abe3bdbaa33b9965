#include "base/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

std::string_view schema_type(SettingInfo::Type type) {
  switch (type) {
    case SettingInfo::Type::kBoolean:
      return "boolean";
    case SettingInfo::Type::kInteger:
      return "integer";
    case SettingInfo::Type::kNumber:
      return "number";
    case SettingInfo::Type::kString:
    case SettingInfo::Type::kChoice:
      break;
  }
  return "string";
}

/// A bound in the schema: nothing where the range is open, an integer where the setting is one.
void add_bound(Json& schema, const char* key, double bound, bool is_integer) {
  constexpr double kInt64Edge = 9223372036854774784.0;  // the doubles next to the int64 limits
  if (!std::isfinite(bound) || (is_integer && std::fabs(bound) > kInt64Edge)) return;
  schema[key] = is_integer ? Json(static_cast<int64_t>(bound)) : Json(bound);
}

}  // namespace

std::string flag_name(std::string_view name) {
  std::string flag(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

Json setting_from_text(const SettingInfo& info, const std::string& text) {
  switch (info.type) {
    case SettingInfo::Type::kBoolean:
      if (text == "true" || text == "false") return text == "true";
      break;
    case SettingInfo::Type::kInteger:
    case SettingInfo::Type::kNumber:
      if (const auto integer = parse_int64(text)) return *integer;
      if (const auto number = parse_double(text)) return *number;
      break;
    case SettingInfo::Type::kString:
    case SettingInfo::Type::kChoice:
      break;
  }
  return text;
}

Result<size_t> find_setting(const std::vector<SettingInfo>& infos, std::string_view name) {
  const std::string flag = flag_name(name);
  std::vector<std::string> known;
  for (size_t i = 0; i < infos.size(); ++i) {
    known.push_back(flag_name(infos[i].name));
    if (known.back() == flag) return i;
  }
  const auto nearest = nearest_name(flag, known);
  return fail(
      ErrorCategory::kUsage, fmt::format("unknown setting --{}", printable(flag)),
      nearest ? fmt::format("did you mean --{}?", *nearest) : "known: " + join_words(known));
}

Json settings_schema(const std::vector<SettingInfo>& infos) {
  Json properties = Json::object();
  for (const SettingInfo& info : infos) {
    Json schema;
    schema["type"] = schema_type(info.type);
    schema["description"] =
        info.unit.empty() ? info.text : fmt::format("{} Unit: {}.", info.text, info.unit);
    schema["default"] = info.default_value;
    if (info.type == SettingInfo::Type::kInteger || info.type == SettingInfo::Type::kNumber) {
      const bool is_integer = info.type == SettingInfo::Type::kInteger;
      add_bound(schema, "minimum", info.low, is_integer);
      add_bound(schema, "maximum", info.high, is_integer);
    }
    if (info.type == SettingInfo::Type::kChoice) schema["enum"] = info.choices;
    if (info.repeatable) {
      schema["type"] = "array";
      schema["items"] = {{"type", "string"}};
    }
    properties[info.name] = std::move(schema);
  }
  return properties;
}

}  // namespace edgetran::base
