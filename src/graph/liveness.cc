#include "graph/liveness.h"

#include <algorithm>

#include "graph/saturate.h"

namespace edgetran::graph {
namespace {

/// The value whose memory this one uses.
std::vector<ValueId> owners(const Graph& graph) {
  std::vector<ValueId> owner(graph.values().size());
  for (size_t i = 0; i < owner.size(); ++i) owner[i] = static_cast<ValueId>(i);
  for (const Node& node : graph.nodes())
    if (node.op == Op::kDropout)
      owner[static_cast<size_t>(node.output)] = owner[static_cast<size_t>(node.inputs[0])];
  return owner;
}

}  // namespace

int64_t element_bytes(ElementType type) { return type == ElementType::kInt64 ? 8 : 4; }

int64_t value_bytes(const Graph& graph, ValueId value, const Sizes& sizes) {
  int64_t bytes = element_bytes(graph.value(value).type);
  for (const AxisId id : graph.value(value).shape)
    bytes = saturating_multiply(bytes, graph.axis_size(id, sizes));
  return bytes;
}

std::vector<Lifetime> lifetimes(const Graph& graph) {
  const std::vector<ValueId> owner = owners(graph);
  std::vector<Lifetime> result(graph.values().size());
  const auto held = [&](ValueId value) -> Lifetime* {
    const ValueId root = owner[static_cast<size_t>(value)];
    if (graph.value(root).source == Value::Source::kParameter) return nullptr;
    return &result[static_cast<size_t>(root)];
  };
  const auto end = static_cast<int32_t>(graph.nodes().size());
  for (int32_t step = 0; step < end; ++step) {
    const Node& node = graph.nodes()[static_cast<size_t>(step)];
    for (const ValueId input : node.inputs)
      if (Lifetime* lifetime = held(input)) lifetime->last = step;
    if (node.op != Op::kDropout) result[static_cast<size_t>(node.output)] = {step, step};
  }
  for (const NamedValue& output : graph.outputs())
    if (Lifetime* lifetime = held(output.value)) lifetime->last = end - 1;
  return result;
}

int64_t peak_live_bytes(const Graph& graph, const Sizes& sizes) {
  const std::vector<Lifetime> known = lifetimes(graph);
  std::vector<int64_t> live(graph.nodes().size(), 0);
  for (size_t i = 0; i < known.size(); ++i) {
    const int64_t bytes = value_bytes(graph, static_cast<ValueId>(i), sizes);
    for (int32_t step = known[i].first; step <= known[i].last; ++step) {
      int64_t& sum = live[static_cast<size_t>(step)];
      sum = saturating_add(sum, bytes);
    }
  }
  return live.empty() ? 0 : *std::max_element(live.begin(), live.end());
}

}  // namespace edgetran::graph
