#pragma once

#include <cstdint>

#include "encoder/head_layout.h"
#include "graph/builder.h"
#include "graph/graph.h"
#include "space/model_spec.h"

namespace edgetran::encoder {

/// Layer `index` of the spec without the width projection after it (encoder.md, section 2.2 and
/// 2.3): x [batch, length, width] -> the same axes. mask [batch, length] int64 or kNone.
graph::ValueId build_layer(graph::Builder& builder, const space::ModelSpec& spec, int32_t index,
                           const HeadLayout& heads, graph::ValueId x, graph::ValueId mask);

/// The heads of a layer and their output projection: O(heads(x)), x -> the same axes.
graph::ValueId build_heads(graph::Builder& builder, const space::ModelSpec& spec, int32_t index,
                           const HeadLayout& heads, graph::ValueId x, graph::ValueId mask);

}  // namespace edgetran::encoder
