#include "service/model/spec_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace edgetran::service {
namespace {

/// "sa_sdp x4" for runs of equal heads.
std::string heads_text(const space::LayerSpec& layer) {
  std::string text;
  for (size_t i = 0; i < layer.heads.size();) {
    size_t end = i;
    while (end < layer.heads.size() && layer.heads[end] == layer.heads[i]) ++end;
    text += fmt::format("{}{}", text.empty() ? "" : " + ", layer.heads[i]);
    if (end - i > 1) text += fmt::format(" x{}", end - i);
    i = end;
  }
  return text;
}

}  // namespace

std::string layer_text(const space::LayerSpec& layer) {
  return fmt::format("width {:<5} heads {} ({} wide)  feed-forward {}", layer.width,
                     heads_text(layer), layer.head_width, fmt::join(layer.feed_forward, " > "));
}

std::string layers_text(const space::ModelSpec& spec) {
  std::string text;
  for (size_t i = 0; i < spec.layers.size();) {
    size_t end = i;
    while (end < spec.layers.size() && spec.layers[end] == spec.layers[i]) ++end;
    const std::string range =
        end - i == 1 ? fmt::format("layer {}", i) : fmt::format("layers {}-{}", i, end - 1);
    text += fmt::format("{:<14} {}\n", range, layer_text(spec.layers[i]));
    i = end;
  }
  return text;
}

std::string embeddings_text(const space::ModelSpec& spec) {
  return fmt::format("vocabulary {}, {} positions ({}), {} types, embedding {}", spec.vocabulary,
                     spec.positions,
                     spec.position == space::PositionKind::kAbsolute ? "absolute" : "relative_key",
                     spec.types, spec.embedding == 0 ? spec.layers.front().width : spec.embedding);
}

}  // namespace edgetran::service
