#include "graph/cost.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/result.h"
#include "graph/liveness.h"
#include "graph/saturate.h"

namespace edgetran::graph {
namespace {

int64_t elements(const Graph& graph, ValueId value, const Sizes& sizes) {
  int64_t count = 1;
  for (const AxisId id : graph.value(value).shape)
    count = saturating_multiply(count, graph.axis_size(id, sizes));
  return count;
}

/// Operations on each score of an attention: two products of width d at 2 a multiply-add, the
/// scaling and the softmax; a relative table adds its product and its addition, a mask its own.
int64_t flops_per_score(const Graph& graph, const Node& node) {
  const int64_t width = graph.axis(graph.value(node.output).shape[3]).size;
  return 4 * width + 2 + (node.attributes.has_relative ? 2 * width + 1 : 0) +
         (node.attributes.has_mask ? 1 : 0);
}

/// Matrices of a transform: cosines and sines, or one of cosines.
int64_t matrices_of(Spectrum spectrum) { return spectrum == Spectrum::kDft ? 2 : 1; }

/// The real matrix products of a transform: every matrix of it along the positions and along the
/// features, 2 a multiply-add; the DFT's two products are subtracted.
int64_t flops_per_element(const Graph& graph, const Node& node, const Sizes& sizes) {
  const int64_t width = graph.axis(graph.value(node.output).shape[3]).size;
  const int64_t matrices = matrices_of(node.attributes.spectrum);
  return saturating_add(saturating_multiply(2 * matrices, saturating_add(sizes.length, width)),
                        matrices - 1);
}

int64_t last_size(const Graph& graph, ValueId value) {
  return graph.axis(graph.value(value).shape.back()).size;
}

int64_t count_flops(const Graph& graph, const Node& node, const Sizes& sizes) {
  const int64_t output = elements(graph, node.output, sizes);
  switch (node.op) {
    case Op::kLinear:
    case Op::kHeadLinear: {
      const int64_t in = last_size(graph, node.inputs[1]);
      const int64_t bias = node.inputs.size() > 2 ? 1 : 0;
      return saturating_multiply(output, 2 * in + bias);
    }
    case Op::kAttention: {
      const Shape& shape = graph.value(node.output).shape;
      const int64_t rows =
          saturating_multiply(graph.axis_size(shape[0], sizes), graph.axis_size(shape[1], sizes));
      const int64_t scores =
          saturating_multiply(rows, saturating_multiply(sizes.length, sizes.length));
      return saturating_multiply(scores, flops_per_score(graph, node));
    }
    case Op::kSpectral:
      return saturating_multiply(output, flops_per_element(graph, node, sizes));
    case Op::kDepthwiseConvolution:
      return saturating_multiply(output, 2 * last_size(graph, node.inputs[1]));
    case Op::kDynamicConvolution: {
      const int64_t softmax = elements(graph, node.inputs[0], sizes);
      const int64_t taps = last_size(graph, node.inputs[0]);
      return saturating_add(softmax, saturating_multiply(output, 2 * taps));
    }
    case Op::kAdd:
    case Op::kMultiply:
    case Op::kLayerNorm:
    case Op::kGelu:
    case Op::kTanh:
      return output;
    case Op::kEmbedding:
    case Op::kPositionRows:
    case Op::kDropout:
    case Op::kSplitHeads:
    case Op::kMergeHeads:
    case Op::kFirstToken:
    case Op::kSelectPositions:
      return 0;
  }
  EDGETRAN_CHECK(false, "an operator that is not counted");
  return 0;
}

/// Bytes of one operand that the operator touches: a look-up reads the rows that it gives out, not
/// the table; relative keys reach offsets -(length - 1) .. length - 1 only.
int64_t operand_bytes(const Graph& graph, const Node& node, size_t operand, const Sizes& sizes) {
  const bool looks_up = node.op == Op::kEmbedding || node.op == Op::kPositionRows ||
                        node.op == Op::kFirstToken || node.op == Op::kSelectPositions;
  if (looks_up && operand == 0) return value_bytes(graph, node.output, sizes);
  if (node.op == Op::kAttention && node.attributes.has_relative && operand == 3) {
    const int64_t width = graph.axis(graph.value(node.output).shape[3]).size;
    return saturating_multiply(saturating_multiply(2, sizes.length) - 1,
                               width * element_bytes(ElementType::kFloat32));
  }
  return value_bytes(graph, node.inputs[operand], sizes);
}

/// Bytes of the constant matrices that a transform reads, once.
int64_t matrix_bytes(const Graph& graph, const Node& node, const Sizes& sizes) {
  if (node.op != Op::kSpectral) return 0;
  const int64_t width = last_size(graph, node.output);
  const int64_t elements =
      saturating_add(saturating_multiply(sizes.length, sizes.length), width * width);
  return saturating_multiply(
      matrices_of(node.attributes.spectrum) * element_bytes(ElementType::kFloat32), elements);
}

int64_t count_bytes(const Graph& graph, const Node& node, const Sizes& sizes) {
  if (node.op == Op::kDropout) return 0;  // identity outside training: nothing is moved
  int64_t bytes =
      saturating_add(value_bytes(graph, node.output, sizes), matrix_bytes(graph, node, sizes));
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const auto end = node.inputs.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(node.inputs.begin(), end, node.inputs[i]) != end) continue;
    bytes = saturating_add(bytes, operand_bytes(graph, node, i, sizes));
  }
  return bytes;
}

/// Sums nodes; a parameter read by several of them counts once.
class Sum {
 public:
  void add(const Graph& graph, const Node& node, const Cost& cost) {
    cost_.flops = saturating_add(cost_.flops, cost.flops);
    cost_.bytes_moved = saturating_add(cost_.bytes_moved, cost.bytes_moved);
    for (const ValueId input : node.inputs) {
      const Value& value = graph.value(input);
      if (value.source != Value::Source::kParameter || !seen_.insert(value.index).second) continue;
      const Parameter& parameter = graph.parameters()[static_cast<size_t>(value.index)];
      cost_.parameters = saturating_add(cost_.parameters, graph.element_count(parameter));
    }
  }
  const Cost& cost() const { return cost_; }

 private:
  Cost cost_;
  std::set<ParameterId> seen_;
};

}  // namespace

Cost count_node(const Graph& graph, const Node& node, const Sizes& sizes) {
  Sum sum;
  sum.add(
      graph, node,
      {.flops = count_flops(graph, node, sizes), .bytes_moved = count_bytes(graph, node, sizes)});
  return sum.cost();
}

GraphCost count_graph(const Graph& graph, const Sizes& sizes) {
  Sum total;
  Sum outside;
  std::vector<Sum> layers;
  for (const Node& node : graph.nodes()) {
    const Cost cost = count_node(graph, node, sizes);
    const auto layer = static_cast<size_t>(node.layer);
    if (node.layer != kNone && layers.size() <= layer) layers.resize(layer + 1);
    total.add(graph, node, cost);
    (node.layer == kNone ? outside : layers[layer]).add(graph, node, cost);
  }
  GraphCost result{.total = total.cost(),
                   .peak_activation_bytes = peak_live_bytes(graph, sizes),
                   .outside_layers = outside.cost(),
                   .layers = {}};
  for (const Sum& layer : layers) result.layers.push_back(layer.cost());
  return result;
}

}  // namespace edgetran::graph
