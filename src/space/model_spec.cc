#include "space/model_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "space/spec_reading.h"
#include "space/spec_text.h"

namespace edgetran::space {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::Result;

constexpr std::string_view kModelFormat = "edgetran.model/1";

Result<LayerSpec> read_layer(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  LayerSpec layer;
  EDGETRAN_ASSIGN(layer.width, read_size(map, "width", kMaxWidth));
  EDGETRAN_ASSIGN(ConfigValue heads, map.require("heads"));
  EDGETRAN_ASSIGN(auto names, list_between(heads, 1, kMaxHeads, "heads"));
  for (const ConfigValue& item : names) {
    EDGETRAN_ASSIGN(std::string name, read_head_type(item));
    layer.heads.push_back(std::move(name));
  }
  if (auto given = map.find("head_width")) {
    EDGETRAN_ASSIGN(layer.head_width, given->as_integer(1, kMaxWidth));
  } else {
    layer.head_width = layer.width / static_cast<int64_t>(layer.heads.size());
    if (layer.head_width < 1) {
      return base::fail(
          heads.error(fmt::format("{} heads do not fit a width of {}", names.size(), layer.width),
                      "give head_width, a wider layer or fewer heads"));
    }
  }
  EDGETRAN_ASSIGN(ConfigValue stack, map.require("feed_forward"));
  EDGETRAN_ASSIGN(layer.feed_forward, read_stack(stack));
  EDGETRAN_TRY(map.finish());
  return layer;
}

base::Status read_format(ConfigMap& map) {
  if (auto format = map.find("format")) {
    const std::vector<std::string> formats = {std::string(kModelFormat)};
    EDGETRAN_TRY(format->as_choice(formats));
  }
  return {};
}

Result<ModelSpec> read_own(ConfigMap& map) {
  EDGETRAN_TRY(read_format(map));
  ModelSpec spec;
  EDGETRAN_ASSIGN(spec.vocabulary, read_size(map, "vocabulary", kMaxVocabulary, spec.vocabulary));
  EDGETRAN_ASSIGN(spec.positions, read_size(map, "positions", kMaxPositions, spec.positions));
  EDGETRAN_ASSIGN(spec.types, read_size(map, "types", kMaxTokenTypes, spec.types));
  if (auto position = map.find("position")) {
    EDGETRAN_ASSIGN(spec.position, read_position_kind(*position));
  }
  EDGETRAN_ASSIGN(ConfigValue layers, map.require("layers"));
  EDGETRAN_ASSIGN(auto items, list_between(layers, 1, kMaxLayers, "layers"));
  for (const ConfigValue& item : items) {
    EDGETRAN_ASSIGN(LayerSpec layer, read_layer(item));
    spec.layers.push_back(std::move(layer));
  }
  EDGETRAN_ASSIGN(spec.embedding,
                  read_size(map, "embedding", kMaxWidth, spec.layers.front().width));
  EDGETRAN_TRY(map.finish());
  return spec;
}

base::Json layer_json(const LayerSpec& layer) {
  base::Json json;
  json["width"] = layer.width;
  json["head_width"] = layer.head_width;
  json["heads"] = layer.heads;
  json["feed_forward"] = layer.feed_forward;
  return json;
}

}  // namespace

Result<ModelSpec> read_model_spec(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  const std::vector<std::string> keys = map.keys();
  const auto has = [&](std::string_view key) { return std::ranges::find(keys, key) != keys.end(); };
  const bool published = !has("layers") && (has("l") || has("o") || has("h") || has("f"));
  return published ? read_published_dictionary(map) : read_own(map);
}

base::Json model_spec_json(const ModelSpec& spec) {
  EDGETRAN_CHECK(!spec.layers.empty(), "a spec has at least one layer");
  base::Json json;
  json["vocabulary"] = spec.vocabulary;
  json["positions"] = spec.positions;
  json["position"] = position_name(spec.position);
  json["embedding"] = spec.embedding > 0 ? spec.embedding : spec.layers.front().width;
  json["types"] = spec.types;
  base::Json layers = base::Json::array();
  for (const LayerSpec& layer : spec.layers) layers.push_back(layer_json(layer));
  json["layers"] = std::move(layers);
  return json;
}

std::string canonical_hash(const ModelSpec& spec) {
  ModelSpec sorted = spec;
  for (LayerSpec& layer : sorted.layers) std::ranges::sort(layer.heads);
  return base::sha256_hex(canonical_spec_text(sorted));
}

}  // namespace edgetran::space
