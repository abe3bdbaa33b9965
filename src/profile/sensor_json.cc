#include "profile/sensor_json.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

namespace edgetran::profile {

namespace {

using base::ConfigMap;
using base::ConfigValue;

base::Result<std::string> string_at(ConfigMap& map, const std::string& key) {
  EDGETRAN_ASSIGN(const ConfigValue value, map.require(key));
  return value.as_string();
}

base::Result<double> number_at(ConfigMap& map, const std::string& key) {
  EDGETRAN_ASSIGN(const ConfigValue value, map.require(key));
  return value.as_number(0);
}

base::Result<std::optional<double>> optional_at(ConfigMap& map, const std::string& key) {
  const auto value = map.find(key);
  if (!value) return std::nullopt;
  EDGETRAN_ASSIGN(const double number, value->as_number(0));
  return number;
}

}  // namespace

base::Json sensor_json(const PowerTrace& trace) {
  const SensorInfo& info = trace.info;
  base::Json json;
  json["driver"] = info.driver;
  json["channel"] = info.channel;
  json["domain"] = info.domain;
  json["within"] = info.within;
  json["source"] = info.source;
  json["kind"] = info.kind == SensorKind::kCounter ? "counter" : "gauge";
  json["boundary"] = boundary_name(info.boundary);
  json["joules_per_tick"] = info.joules_per_tick;
  // As text: a number of 64 bits is not exact in every reader of JSON.
  json["range_ticks"] = fmt::format("{}", info.range_ticks);
  json["resolution_w"] = info.resolution_w;
  json["averaging_s"] = info.averaging_s;
  json["gain_error"] = info.gain_error ? base::Json(*info.gain_error) : base::Json();
  json["rating_w"] = info.rating_w ? base::Json(*info.rating_w) : base::Json();
  json["update_s"] = trace.update_s;
  return json;
}

std::optional<uint64_t> parse_sensor_ticks(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  return code == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

base::Status read_sensor_json(const ConfigValue& value, PowerTrace& trace) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  SensorInfo& info = trace.info;
  for (auto [key, field] : {std::pair{"driver", &info.driver}, std::pair{"channel", &info.channel},
                            std::pair{"domain", &info.domain}, std::pair{"within", &info.within},
                            std::pair{"source", &info.source}}) {
    EDGETRAN_ASSIGN(*field, string_at(map, key));
  }
  EDGETRAN_ASSIGN(const ConfigValue kind, map.require("kind"));
  EDGETRAN_ASSIGN(const std::string kind_name, kind.as_choice({"counter", "gauge"}));
  info.kind = kind_name == "counter" ? SensorKind::kCounter : SensorKind::kGauge;
  EDGETRAN_ASSIGN(const ConfigValue boundary, map.require("boundary"));
  EDGETRAN_ASSIGN(const std::string boundary_word, boundary.as_choice(boundary_names()));
  info.boundary = boundary_from_name(boundary_word).value();
  for (auto [key, field] :
       {std::pair{"joules_per_tick", &info.joules_per_tick},
        std::pair{"resolution_w", &info.resolution_w}, std::pair{"averaging_s", &info.averaging_s},
        std::pair{"update_s", &trace.update_s}}) {
    EDGETRAN_ASSIGN(*field, number_at(map, key));
  }
  EDGETRAN_ASSIGN(const std::string range, string_at(map, "range_ticks"));
  const auto ticks = parse_sensor_ticks(range);
  if (!ticks) return base::fail(value.error("range_ticks is no whole number"));
  info.range_ticks = *ticks;
  EDGETRAN_ASSIGN(info.gain_error, optional_at(map, "gain_error"));
  EDGETRAN_ASSIGN(info.rating_w, optional_at(map, "rating_w"));
  return map.finish();
}

}  // namespace edgetran::profile
