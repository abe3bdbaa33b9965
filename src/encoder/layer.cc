#include "encoder/layer.h"

#include <fmt/core.h>

#include "encoder/parts.h"

namespace edgetran::encoder {
namespace {

graph::ValueId build_feed_forward(graph::Builder& builder, const space::LayerSpec& layer,
                                  const std::string& name, graph::ValueId x) {
  const graph::AxisId width = builder.last_axis(x);
  const size_t depth = layer.feed_forward.size();
  for (size_t j = 0; j < depth; ++j) {
    const std::string stack = fmt::format("{}.feed_forward.{}", name, j);
    x = builder.gelu(linear(builder, stack, x, builder.axis(stack, layer.feed_forward[j])));
  }
  return linear(builder, fmt::format("{}.feed_forward.{}", name, depth), x, width);
}

}  // namespace

graph::ValueId build_layer(graph::Builder& builder, const space::ModelSpec& spec, int32_t index,
                           const HeadLayout& heads, graph::ValueId x, graph::ValueId mask) {
  const std::string name = fmt::format("layers.{}", index);
  builder.set_scope(name + ".attention", index);
  const graph::ValueId mixed = build_heads(builder, spec, index, heads, x, mask);
  x = add_and_norm(builder, name + ".attention_norm", x, mixed);
  builder.set_scope(name + ".feed_forward", index);
  const graph::ValueId fed =
      build_feed_forward(builder, spec.layers[static_cast<size_t>(index)], name, x);
  return add_and_norm(builder, name + ".feed_forward_norm", x, fed);
}

}  // namespace edgetran::encoder
