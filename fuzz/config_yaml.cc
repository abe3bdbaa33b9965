// Any bytes as YAML: parsed or refused with a place, and what was parsed can be read in every way.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/config.h"

namespace {

using edgetran::base::ConfigMap;
using edgetran::base::ConfigValue;
using edgetran::base::dump_json;

void read_in_every_way(const ConfigValue& value) {
  EDGETRAN_CHECK(value.location().line >= 1 && value.location().column >= 1, "no place");
  (void)value.as_boolean();
  (void)value.as_integer(-5, 5);
  (void)value.as_number(-0.5, 0.5);
  (void)value.as_string();
  (void)value.as_choice({"width", "length"});
  if (const auto list = value.as_list()) {
    for (const ConfigValue& element : *list) read_in_every_way(element);
  }
  if (auto map = ConfigMap::of(value)) {
    (void)map->require("width");
    (void)map->finish();
    for (const auto& key : map->keys()) {
      const auto entry = map->require(key);
      EDGETRAN_CHECK(entry.has_value(), "a key that is there was not found");
      read_in_every_way(*entry);
    }
    EDGETRAN_CHECK(map->finish().has_value() || !map->keys().empty(), "unknown key in no keys");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = ConfigValue::parse_yaml(text, "fuzz");
  if (!value) {
    EDGETRAN_CHECK(value.error().message.starts_with("fuzz:"), value.error().message);
    return 0;
  }
  read_in_every_way(*value);
  const auto json = value->to_json();
  const auto copy = ConfigValue::from_json(json, "copy");
  EDGETRAN_CHECK(dump_json(copy.to_json()) == dump_json(json), "a copy differs");
  return 0;
}
