#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace edgetran::graph {

/// Bytes of one element (float32 4, int64 8).
int64_t element_bytes(ElementType type);

/// Bytes of a value at these sizes; saturates.
int64_t value_bytes(const Graph& graph, ValueId value, const Sizes& sizes);

/// While which nodes a value is held: from before node `first` to after node `last`. Inputs are
/// held from the start, outputs of the graph to the end. A dropout is the identity outside
/// training, so its output is its input and is not held again. first > last: never held
/// (parameters, aliases, inputs that nothing reads).
struct Lifetime {
  int32_t first = 0, last = -1;
};

/// One lifetime a value, for the nodes' own order.
std::vector<Lifetime> lifetimes(const Graph& graph);

/// Largest sum of held values over the nodes in their order, inputs in, parameters out. Attention
/// is one operator: its scores never leave it.
int64_t peak_live_bytes(const Graph& graph, const Sizes& sizes);

}  // namespace edgetran::graph
