#pragma once

#include <string>

#include "graph/graph.h"

namespace edgetran::graph {

/// The graph as text, for people and for the messages of tests: inputs, parameters with their
/// named axes, one line a node in order of execution, outputs. For example
///   %31[batch, length, embedding] = linear(%27, layers.0.output.weight, layers.0.output.bias)
///     # layers.0.attention
/// (on one line).
std::string describe(const Graph& graph);

}  // namespace edgetran::graph
