#include "weights/graph_walk.h"

namespace edgetran::weights {

using graph::Graph;
using graph::Node;
using graph::Op;

graph::ParameterId parameter_of(const Graph& graph, graph::ValueId value) {
  const graph::Value& known = graph.value(value);
  return known.source == graph::Value::Source::kParameter ? known.index : graph::kNone;
}

const Node* node_of(const Graph& graph, graph::ValueId value) {
  const graph::Value& known = graph.value(value);
  if (known.source != graph::Value::Source::kNode) return nullptr;
  return &graph.nodes()[static_cast<size_t>(known.index)];
}

const Node* linear_before_norm(const Graph& graph, const Node& norm) {
  const Node* add = node_of(graph, norm.inputs[0]);
  if (add == nullptr || add->op != Op::kAdd) return nullptr;
  const Node* change = node_of(graph, add->inputs[1]);
  while (change != nullptr && change->op == Op::kDropout)
    change = node_of(graph, change->inputs[0]);
  return change != nullptr && change->op == Op::kLinear ? change : nullptr;
}

}  // namespace edgetran::weights
