// build_heads: shared projections, a sub-graph a head type, and the output projection.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "encoder/layer.h"
#include "encoder/parts.h"

namespace edgetran::encoder {
namespace {

/// Tensors that the groups of a layer take their parts from.
struct Shared {
  graph::ValueId queries = graph::kNone;
  graph::ValueId keys = graph::kNone;
  graph::ValueId values = graph::kNone;
  graph::ValueId relative = graph::kNone;
  graph::ValueId mask = graph::kNone;
};

/// The table of relative positions where the spec has them and a head type of the layer reads it.
graph::ValueId relative_table(graph::Builder& builder, const space::ModelSpec& spec,
                              const std::string& name, const HeadLayout& heads,
                              graph::AxisId width) {
  const bool read = std::any_of(heads.groups.begin(), heads.groups.end(),
                                [](const auto& group) { return group.type->relative_positions; });
  if (spec.position != space::PositionKind::kRelativeKey || !read) return graph::kNone;
  const graph::AxisId offsets = builder.axis("relative_positions", 2 * spec.positions - 1);
  return builder.parameter(name + ".relative.weight", {offsets, width}, graph::Initializer::kNormal,
                           graph::ParameterRole::kRelative);
}

graph::ValueId mix_group(graph::Builder& builder, const std::string& name, const HeadLayout& heads,
                         size_t index, const graph::AxisPart& part, const Shared& shared) {
  const auto& [type, listed] = heads.groups[index];
  const auto place = static_cast<int32_t>(index);
  HeadGroup group{.layer = name,
                  .type = std::string(type->name),
                  .listed = listed,
                  .heads = part.blocks,
                  .width = part.width,
                  .mask = shared.mask};
  if (type->uses == Uses::kQueryKeyValue) {
    group.queries = builder.split_heads(shared.queries, place);
    group.keys = builder.split_heads(shared.keys, place);
  }
  group.values = builder.split_heads(shared.values, place);
  if (type->relative_positions) group.relative = shared.relative;
  return type->mix(builder, group);
}

}  // namespace

graph::ValueId build_heads(graph::Builder& builder, const space::ModelSpec& spec, int32_t index,
                           const HeadLayout& heads, graph::ValueId x, graph::ValueId mask) {
  const std::string name = fmt::format("layers.{}", index);
  const int64_t head_width = spec.layers[static_cast<size_t>(index)].head_width;
  const graph::AxisId width = builder.axis(name + ".head_width", head_width);
  std::vector<graph::AxisPart> parts;
  parts.reserve(heads.groups.size());
  for (const auto& [type, listed] : heads.groups)
    parts.push_back({builder.axis(fmt::format("{}.heads.{}", name, type->name),
                                  static_cast<int64_t>(listed.size())),
                     width});

  Shared shared{.mask = mask};
  if (heads.query_groups > 0) {
    const auto end = parts.begin() + static_cast<std::ptrdiff_t>(heads.query_groups);
    const graph::AxisId features =
        builder.composite_axis(name + ".query_features", {parts.begin(), end});
    const FiledOrder order{.rows = listed_blocks(heads.execution(heads.query_groups), head_width)};
    shared.queries = linear(builder, name + ".query", x, features, order);
    shared.keys = linear(builder, name + ".key", x, features, order);
  }
  const graph::AxisId features = builder.composite_axis(name + ".head_features", parts);
  const Blocks listed = listed_blocks(heads.execution(heads.groups.size()), head_width);
  shared.values = linear(builder, name + ".value", x, features, {.rows = listed});
  shared.relative = relative_table(builder, spec, name, heads, width);

  std::vector<graph::ValueId> mixed;
  for (size_t i = 0; i < heads.groups.size(); ++i)
    mixed.push_back(mix_group(builder, name, heads, i, parts[i], shared));
  return linear(builder, name + ".output", builder.merge_heads(mixed, features),
                builder.last_axis(x), {.columns = listed});
}

}  // namespace edgetran::encoder
