#include "space/spec_reading.h"

#include <fmt/format.h>

#include <algorithm>

namespace edgetran::space {

using base::ConfigMap;
using base::ConfigValue;
using base::Result;

namespace {

constexpr size_t kMaxNameLength = 32;

}  // namespace

bool is_head_type(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= kMaxNameLength && letter(name.front()) &&
         std::ranges::all_of(name, allowed);
}

Result<std::vector<ConfigValue>> list_between(const ConfigValue& value, size_t low, size_t high,
                                              std::string_view what) {
  EDGETRAN_ASSIGN(std::vector<ConfigValue> items, value.as_list());
  if (items.size() < low || items.size() > high) {
    return base::fail(value.error(
        fmt::format("{} {} here, allowed are {} to {}", items.size(), what, low, high)));
  }
  return items;
}

Result<int64_t> read_size(ConfigMap& map, const std::string& key, int64_t high,
                          std::optional<int64_t> fallback) {
  if (auto value = map.find(key)) return value->as_integer(1, high);
  if (fallback) return *fallback;
  EDGETRAN_ASSIGN(ConfigValue value, map.require(key));
  return value.as_integer(1, high);
}

Result<std::string> read_head_type(const ConfigValue& value) {
  EDGETRAN_ASSIGN(std::string name, value.as_string());
  if (!is_head_type(name)) {
    return base::fail(value.error("this is not a head type",
                                  "head types look like sa_sdp, l_dft or c_5: lower-case letters, "
                                  "digits and underscores"));
  }
  return name;
}

Result<std::vector<int64_t>> read_stack(const ConfigValue& value) {
  EDGETRAN_TRY(list_between(value, 1, kMaxStack, "feed-forward sizes"));
  return value.as_integers(1, kMaxWidth);
}

std::string_view position_name(PositionKind kind) {
  return kind == PositionKind::kAbsolute ? "absolute" : "relative_key";
}

Result<PositionKind> read_position_kind(const ConfigValue& value) {
  const std::vector<std::string> kinds = {"absolute", "relative_key"};
  EDGETRAN_ASSIGN(const std::string name, value.as_choice(kinds));
  return name == kinds.front() ? PositionKind::kAbsolute : PositionKind::kRelativeKey;
}

}  // namespace edgetran::space
