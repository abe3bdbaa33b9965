// The dictionary of the FlexiBERT and EdgeTran publications: l layers, o[j] the heads of layer j as
// "<type>_<head width>", h[j] its width, f[j] its feed-forward stack. Everything else is fixed.

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "space/model_spec.h"
#include "space/spec_reading.h"

namespace edgetran::space {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::Result;

struct PublishedHead {
  std::string type;
  int64_t width = 0;
};

Result<PublishedHead> read_head(const ConfigValue& value) {
  EDGETRAN_ASSIGN(std::string text, value.as_string());
  const size_t cut = text.rfind('_');
  PublishedHead head;
  if (cut != std::string::npos) {
    head.type = text.substr(0, cut);
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + cut + 1, end, head.width);
    if (parsed.ec != std::errc{} || parsed.ptr != end) head.width = 0;
  }
  // "sa_sdp" alone would read as type "sa" of no width.
  if (!is_head_type(head.type) || head.type.find('_') == std::string::npos || head.width < 1 ||
      head.width > kMaxWidth) {
    return base::fail(value.error(
        "this is not a published head",
        fmt::format("it is a type and a head width from 1 to {}: sa_sdp_64, l_dft_32, c_5_128",
                    kMaxWidth)));
  }
  return head;
}

base::Status read_heads(const ConfigValue& value, LayerSpec& layer) {
  EDGETRAN_ASSIGN(auto items, list_between(value, 1, kMaxHeads, "heads"));
  for (const ConfigValue& item : items) {
    EDGETRAN_ASSIGN(PublishedHead head, read_head(item));
    if (layer.head_width != 0 && head.width != layer.head_width) {
      return base::fail(item.error(
          fmt::format("head width {} beside heads of width {}", head.width, layer.head_width),
          "all heads of a layer have one width"));
    }
    layer.head_width = head.width;
    layer.heads.push_back(std::move(head.type));
  }
  return {};
}

Result<std::vector<ConfigValue>> one_a_layer(ConfigMap& map, const std::string& key, size_t count) {
  EDGETRAN_ASSIGN(ConfigValue value, map.require(key));
  EDGETRAN_ASSIGN(std::vector<ConfigValue> items, value.as_list());
  if (items.size() != count) {
    return base::fail(
        value.error(fmt::format("{} has {} items, but l is {}", key, items.size(), count)));
  }
  return items;
}

/// What of the spec the dictionary has no words for; empty: nothing.
std::string obstacle(const ModelSpec& spec) {
  const ModelSpec fixed;
  const auto differs = [](std::string_view key, auto value, auto wanted) {
    return fmt::format("{} is {}, there it is always {}", key, value, wanted);
  };
  if (spec.position != PositionKind::kRelativeKey) {
    return differs("position", position_name(spec.position), "relative_key");
  }
  if (spec.vocabulary != fixed.vocabulary) {
    return differs("vocabulary", spec.vocabulary, fixed.vocabulary);
  }
  if (spec.positions != fixed.positions) {
    return differs("positions", spec.positions, fixed.positions);
  }
  if (spec.types != fixed.types) return differs("types", spec.types, fixed.types);
  const int64_t first_width = spec.layers.front().width;
  if (spec.embedding != 0 && spec.embedding != first_width) {
    return differs("embedding", spec.embedding, fmt::format("the first width, {}", first_width));
  }
  return {};
}

}  // namespace

Result<ModelSpec> read_published_dictionary(ConfigMap& map) {
  EDGETRAN_ASSIGN(const int64_t layers, read_size(map, "l", kMaxLayers));
  const auto count = static_cast<size_t>(layers);
  EDGETRAN_ASSIGN(auto heads, one_a_layer(map, "o", count));
  EDGETRAN_ASSIGN(auto widths, one_a_layer(map, "h", count));
  EDGETRAN_ASSIGN(auto stacks, one_a_layer(map, "f", count));
  EDGETRAN_TRY(map.finish());
  ModelSpec spec;
  spec.position = PositionKind::kRelativeKey;
  for (size_t i = 0; i < count; ++i) {
    LayerSpec layer;
    EDGETRAN_ASSIGN(layer.width, widths[i].as_integer(1, kMaxWidth));
    EDGETRAN_TRY(read_heads(heads[i], layer));
    EDGETRAN_ASSIGN(layer.feed_forward, read_stack(stacks[i]));
    spec.layers.push_back(std::move(layer));
  }
  spec.embedding = spec.layers.front().width;
  return spec;
}

Result<base::Json> published_dictionary(const ModelSpec& spec) {
  EDGETRAN_CHECK(!spec.layers.empty(), "a spec has at least one layer");
  if (std::string what = obstacle(spec); !what.empty()) {
    return base::fail(base::ErrorCategory::kUsage,
                      "the published dictionary cannot say this spec: " + what,
                      "keep the JSON form, or change the spec");
  }
  base::Json heads = base::Json::array();
  base::Json widths = base::Json::array();
  base::Json stacks = base::Json::array();
  for (const LayerSpec& layer : spec.layers) {
    base::Json names = base::Json::array();
    for (const std::string& type : layer.heads) {
      names.push_back(fmt::format("{}_{}", type, layer.head_width));
    }
    heads.push_back(std::move(names));
    widths.push_back(layer.width);
    stacks.push_back(layer.feed_forward);
  }
  base::Json json;
  json["l"] = spec.layers.size();
  json["o"] = std::move(heads);
  json["h"] = std::move(widths);
  json["f"] = std::move(stacks);
  return json;
}

}  // namespace edgetran::space
