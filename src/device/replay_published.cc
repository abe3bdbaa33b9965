// The published ProTran sets (repositories JHA-Lab/protran and jha-lab/edgetran): one JSON object a
// device, {key: {model_dict, model_type, embedding, performance {latency, energy, peak_power}}}.

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "device/replay_rows.h"

namespace edgetran::device {

namespace {

using base::ConfigMap;
using base::ConfigValue;

/// Longer than any inference, hotter than any board: another unit was meant.
constexpr double kMaxFigure = 1e6;

/// A figure of `performance`: finite, more than 0.
base::Result<double> figure(const ConfigValue& value) {
  EDGETRAN_ASSIGN(const double number, value.as_number());
  if (number <= 0 || number > kMaxFigure) {
    return base::fail(
        value.error(fmt::format("{} cannot be", number), "seconds, joules and watts, more than 0"));
  }
  return number;
}

base::Result<std::optional<double>> optional_figure(ConfigMap& map, const char* key) {
  const auto value = map.find(key);
  if (!value) return std::optional<double>();
  EDGETRAN_ASSIGN(const double number, figure(*value));
  return std::optional<double>(number);
}

base::Status read_performance(const ConfigValue& value, ReplayRow& row) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_ASSIGN(const auto latency, map.require("latency"));
  EDGETRAN_ASSIGN(row.latency_s, figure(latency));
  EDGETRAN_ASSIGN(row.energy_j, optional_figure(map, "energy"));
  EDGETRAN_ASSIGN(row.peak_w, optional_figure(map, "peak_power"));
  return map.finish();
}

base::Result<ReplayRow> read_row(const std::string& key, const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  ReplayRow row;
  row.name = key;
  EDGETRAN_ASSIGN(const auto dictionary, map.require("model_dict"));
  EDGETRAN_ASSIGN(row.spec, space::read_model_spec(dictionary));
  EDGETRAN_ASSIGN(const auto performance, map.require("performance"));
  EDGETRAN_TRY(read_performance(performance, row));
  map.find("model_type");  // the authors' own words and numbers for the model
  map.find("embedding");
  EDGETRAN_TRY(map.finish());
  row.hash = space::canonical_hash(row.spec);
  row.text = base::dump_json({{key, value.to_json()}});
  return row;
}

}  // namespace

base::Result<std::vector<ReplayRow>> read_published_rows(std::string_view text,
                                                         const std::string& name) {
  const auto corrupt = [](base::Error error) {
    error.category = base::ErrorCategory::kCorrupt;
    return base::fail(std::move(error));
  };
  auto document = ConfigValue::parse_json(text, name);
  if (!document) return corrupt(document.error());
  auto map = ConfigMap::of(*document);
  if (!map) return corrupt(map.error());
  std::vector<ReplayRow> rows;
  std::unordered_map<std::string, std::string> seen;
  for (const std::string& key : map->keys()) {
    EDGETRAN_ASSIGN(const ConfigValue value, map->require(key));
    auto row = read_row(key, value);
    if (!row) return corrupt(row.error());
    const auto [known, fresh] = seen.emplace(row->hash, key);
    if (!fresh) {
      return corrupt(
          value.error(fmt::format("rows {} and {} are one model (heads of a layer have no order)",
                                  known->second, key),
                      "leave one of them out"));
    }
    rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace edgetran::device
