#include "onnx/translator.h"

#include "base/result.h"

namespace edgetran::onnx {

using graph::Node;
using graph::Op;
using graph::Value;
using graph::ValueId;

Translator::Translator(const graph::Graph& graph, const weights::Weights& weights,
                       const ExportOptions& options)
    : graph_(graph),
      weights_(weights),
      options_(options),
      names_(graph.values().size()),
      layouts_(graph.values().size()),
      needed_(graph.nodes().size(), false),
      reads_(graph.values().size(), 0) {}

void Translator::run(const std::vector<graph::NamedValue>& outputs) {
  mark_needed(outputs);
  folding_ = fold_heads(graph_, weights_, needed_, reads_);
  for (const graph::NamedValue& input : graph_.inputs()) {
    const auto id = static_cast<size_t>(input.value);
    if (reads_[id] == 0) continue;
    writer_.input(input.name, dimensions(graph_.value(input.value).shape));
    names_[id] = input.name;
  }
  for (size_t i = 0; i < needed_.size(); ++i)
    if (needed_[i]) translate(graph_.nodes()[i]);
  for (const graph::NamedValue& output : outputs)
    writer_.output(output.name, name_of(output.value),
                   dimensions(graph_.value(output.value).shape));
}

void Translator::mark_needed(const std::vector<graph::NamedValue>& outputs) {
  for (const graph::NamedValue& output : outputs) ++reads_[static_cast<size_t>(output.value)];
  for (size_t i = graph_.nodes().size(); i-- > 0;) {
    const Node& node = graph_.nodes()[i];
    needed_[i] = reads_[static_cast<size_t>(node.output)] > 0;
    if (!needed_[i]) continue;
    for (const ValueId input : node.inputs) ++reads_[static_cast<size_t>(input)];
  }
}

void Translator::translate(const Node& node) {
  writer_.set_scope(node.scope);
  switch (node.op) {
    case Op::kSplitHeads:
      return split_heads(node);
    case Op::kHeadLinear:
      return head_linear(node);
    case Op::kMultiply:
      return multiply(node);
    case Op::kSpectral:
      return spectral(node);
    case Op::kDepthwiseConvolution:
      return depthwise_convolution(node);
    case Op::kDynamicConvolution:
      return dynamic_convolution(node);
    default:
      names_[static_cast<size_t>(node.output)] = tensor(node);
  }
}

std::vector<Dimension> Translator::dimensions(const graph::Shape& shape) const {
  const graph::Sizes sizes{.batch = options_.batch, .length = options_.length};
  std::vector<Dimension> result;
  for (const graph::AxisId id : shape) {
    const graph::Axis& axis = graph_.axis(id);
    // How many positions have logits is never part of a deployment: always symbolic.
    const bool symbolic = axis.kind == graph::Axis::Kind::kSelected ||
                          (options_.dynamic && axis.kind != graph::Axis::Kind::kFixed);
    if (symbolic)
      result.emplace_back(axis.name);
    else
      result.emplace_back(graph_.axis_size(id, sizes));
  }
  return result;
}

}  // namespace edgetran::onnx
