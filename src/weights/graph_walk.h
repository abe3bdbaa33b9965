#pragma once

#include "graph/graph.h"

namespace edgetran::weights {

/// The parameter that a value is, or kNone.
graph::ParameterId parameter_of(const graph::Graph& graph, graph::ValueId value);

/// The node that a value comes from, or nullptr.
const graph::Node* node_of(const graph::Graph& graph, graph::ValueId value);

/// The linear map whose output a layer norm's input adds to the residual stream, norm(x + change),
/// dropout skipped; nullptr where the norm's input is another.
const graph::Node* linear_before_norm(const graph::Graph& graph, const graph::Node& norm);

}  // namespace edgetran::weights
