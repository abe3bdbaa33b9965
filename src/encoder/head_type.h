#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/builder.h"
#include "graph/graph.h"

namespace edgetran::encoder {

/// Which of the layer's projections a head type reads (encoder.md, section 2).
enum class Uses : uint8_t { kQueryKeyValue, kValueOnly };

/// All heads of one type in one layer: what `mix` works on. Every tensor holds only these heads.
struct HeadGroup {
  std::string layer;            ///< "layers.3"
  std::string type;             ///< "sa_sdp"
  std::vector<int64_t> listed;  ///< place in the layer's list of each head of the group
  graph::AxisId heads = graph::kNone;
  graph::AxisId width = graph::kNone;
  graph::ValueId queries = graph::kNone;   ///< [batch, heads, length, width]; kNone: value only
  graph::ValueId keys = graph::kNone;      ///< as queries
  graph::ValueId values = graph::kNone;    ///< [batch, heads, length, width]
  graph::ValueId relative = graph::kNone;  ///< [2 positions - 1, width] or kNone
  graph::ValueId mask = graph::kNone;      ///< [batch, length] int64 or kNone: all valid
};

/// A kind of head: one file under heads/ and one line in heads/registry.cc.
struct HeadType {
  std::string_view name;
  Uses uses = Uses::kQueryKeyValue;
  /// Reads the layer's table of relative positions, where the spec has `relative_key`.
  bool relative_positions = false;
  /// Builds the group's sub-graph from existing operators: -> [batch, heads, length, width].
  graph::ValueId (*mix)(graph::Builder&, const HeadGroup&) = nullptr;
};

/// Head types in order of execution among those that use queries and keys, and among those that
/// do not.
using HeadRegistry = std::span<const HeadType* const>;

/// A parameter that each head of the group has for itself, stored stacked: [heads, axes...], filed
/// as "layers.i.heads.k.<name>" [axes...] with k the head's place in the layer's list.
graph::ValueId head_parameter(graph::Builder& builder, const HeadGroup& group,
                              const std::string& name, const graph::Shape& axes,
                              graph::Initializer initializer, graph::ParameterRole role);

}  // namespace edgetran::encoder
