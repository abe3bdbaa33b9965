#include "device/cost_summary.h"

#include <array>
#include <set>

#include "base/result.h"
#include "graph/cost.h"
#include "graph/saturate.h"

namespace edgetran::device {

namespace {

OperatorClass class_of(graph::Op op) {
  switch (op) {
    case graph::Op::kLinear:
    case graph::Op::kHeadLinear:
      return OperatorClass::kMatrix;
    case graph::Op::kAttention:
      return OperatorClass::kAttention;
    case graph::Op::kSpectral:
      return OperatorClass::kSpectral;
    case graph::Op::kDepthwiseConvolution:
    case graph::Op::kDynamicConvolution:
      return OperatorClass::kConvolution;
    case graph::Op::kAdd:
    case graph::Op::kMultiply:
    case graph::Op::kLayerNorm:
    case graph::Op::kGelu:
    case graph::Op::kTanh:
      return OperatorClass::kPointwise;
    case graph::Op::kEmbedding:
    case graph::Op::kPositionRows:
    case graph::Op::kDropout:
    case graph::Op::kSplitHeads:
    case graph::Op::kMergeHeads:
    case graph::Op::kFirstToken:
    case graph::Op::kSelectPositions:
      return OperatorClass::kMove;
  }
  EDGETRAN_CHECK(false, "an operator of no class");
  return OperatorClass::kMove;
}

/// Look-ups read the rows that they give out, and those are counted as activations.
bool looks_up(graph::Op op) {
  return op == graph::Op::kEmbedding || op == graph::Op::kPositionRows;
}

int64_t parameter_bytes(const graph::Graph& graph) {
  constexpr int64_t kBytes = 4;
  std::set<int32_t> seen;
  int64_t bytes = 0;
  for (const graph::Node& node : graph.nodes()) {
    if (looks_up(node.op)) continue;
    for (const graph::ValueId input : node.inputs) {
      const graph::Value& value = graph.value(input);
      if (value.source != graph::Value::Source::kParameter) continue;
      if (!seen.insert(value.index).second) continue;
      const auto& parameter = graph.parameters()[static_cast<size_t>(value.index)];
      bytes = graph::saturating_add(
          bytes, graph::saturating_multiply(kBytes, graph.element_count(parameter)));
    }
  }
  return bytes;
}

}  // namespace

std::string_view operator_class_name(OperatorClass operators) {
  static constexpr std::array<std::string_view, kOperatorClasses> kNames = {
      "matrix", "attention", "spectral", "convolution", "pointwise", "move"};
  return kNames[static_cast<size_t>(operators)];
}

CostSummary count_cost(const graph::Graph& graph, const graph::Sizes& sizes) {
  CostSummary summary;
  std::array<OperatorCost, kOperatorClasses> classes;
  for (size_t i = 0; i < classes.size(); ++i) classes[i].operators = static_cast<OperatorClass>(i);
  for (const graph::Node& node : graph.nodes()) {
    if (node.op == graph::Op::kDropout) continue;
    const graph::Cost cost = graph::count_node(graph, node, sizes);
    OperatorCost& sum = classes[static_cast<size_t>(class_of(node.op))];
    sum.flops = graph::saturating_add(sum.flops, cost.flops);
    sum.bytes_moved = graph::saturating_add(sum.bytes_moved, cost.bytes_moved);
    ++summary.nodes;
  }
  for (const OperatorCost& cost : classes) {
    summary.flops = graph::saturating_add(summary.flops, cost.flops);
    summary.bytes_moved = graph::saturating_add(summary.bytes_moved, cost.bytes_moved);
    if (cost.flops > 0 || cost.bytes_moved > 0) summary.operators.push_back(cost);
  }
  summary.peak_activation_bytes = graph::count_graph(graph, sizes).peak_activation_bytes;
  summary.working_set_bytes =
      graph::saturating_add(parameter_bytes(graph), summary.peak_activation_bytes);
  return summary;
}

}  // namespace edgetran::device
