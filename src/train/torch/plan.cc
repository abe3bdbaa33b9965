#include "train/torch/plan.h"

#include <algorithm>
#include <utility>

namespace edgetran::train::torch_engine {
namespace {

using graph::Graph;
using graph::kNone;
using graph::Node;
using graph::Op;
using graph::ValueId;

class Planner {
 public:
  Planner(const Graph& graph, std::span<const ValueId> outputs)
      : graph_(graph),
        reads_(graph.values().size(), 0),
        needed_(graph.nodes().size(), false),
        absorbed_(graph.nodes().size(), false) {
    for (const ValueId output : outputs) ++reads_[static_cast<size_t>(output)];
    for (size_t i = graph.nodes().size(); i-- > 0;) {
      const Node& node = graph.nodes()[i];
      needed_[i] = reads_[static_cast<size_t>(node.output)] > 0;
      if (!needed_[i]) continue;
      for (const ValueId input : node.inputs) ++reads_[static_cast<size_t>(input)];
    }
  }

  std::vector<Step> plan(std::span<const ValueId> outputs) {
    // Backwards: a step is known before the nodes that it absorbs are met.
    std::vector<Step> steps;
    for (size_t i = graph_.nodes().size(); i-- > 0;)
      if (needed_[i] && !absorbed_[i]) steps.push_back(step_of(static_cast<int32_t>(i)));
    set_expiry(steps, outputs);
    std::reverse(steps.begin(), steps.end());
    return steps;
  }

 private:
  /// The node that makes this value, where it is of this kind and nothing else reads the value.
  const Node* sole_maker(ValueId value, Op op) const {
    const graph::Value& known = graph_.value(value);
    if (known.source != graph::Value::Source::kNode || reads_[static_cast<size_t>(value)] != 1)
      return nullptr;
    const Node& node = graph_.nodes()[static_cast<size_t>(known.index)];
    return node.op == op ? &node : nullptr;
  }

  int32_t index_of(const Node& node) const { return graph_.value(node.output).index; }
  void absorb(const Node& node) { absorbed_[static_cast<size_t>(index_of(node))] = true; }

  static std::vector<ValueId> linear_operands(const Node& linear) {
    return {linear.inputs[0], linear.inputs[1],
            linear.inputs.size() > 2 ? linear.inputs[2] : kNone};
  }

  Step step_of(int32_t index) {
    const Node& node = graph_.nodes()[static_cast<size_t>(index)];
    Step step{.node = index, .operands = node.inputs, .expire = {}};
    if (node.op == Op::kEmbedding)
      step.table_is_shared = reads_[static_cast<size_t>(node.inputs[0])] > 1;
    if (node.op == Op::kGelu) fuse_gelu(node, step);
    if (node.op == Op::kLayerNorm) fuse_residual(node, step);
    return step;
  }

  void fuse_gelu(const Node& gelu, Step& step) {
    const Node* linear = sole_maker(gelu.inputs[0], Op::kLinear);
    if (linear == nullptr) return;
    step.kind = StepKind::kLinearGelu;
    step.operands = linear_operands(*linear);
    absorb(*linear);
  }

  void fuse_residual(const Node& norm, Step& step) {
    const Node* add = sole_maker(norm.inputs[0], Op::kAdd);
    if (add == nullptr || add->inputs[0] == add->inputs[1] ||
        graph_.value(add->inputs[0]).shape != graph_.value(add->inputs[1]).shape)
      return;
    const Node* dropout = sole_maker(add->inputs[1], Op::kDropout);
    if (dropout == nullptr) return;
    const Node* linear = sole_maker(dropout->inputs[0], Op::kLinear);
    if (linear == nullptr) return;
    step.kind = StepKind::kResidualNorm;
    step.dropout = index_of(*dropout);
    step.operands = {add->inputs[0]};
    const std::vector<ValueId> product = linear_operands(*linear);
    step.operands.insert(step.operands.end(), product.begin(), product.end());
    step.operands.insert(step.operands.end(), norm.inputs.begin() + 1, norm.inputs.end());
    absorb(*add);
    absorb(*dropout);
    absorb(*linear);
  }

  /// Steps from the last to the first: a value met for the first time is read last there.
  void set_expiry(std::vector<Step>& steps, std::span<const ValueId> outputs) const {
    std::vector<bool> met(graph_.values().size(), false);
    for (const ValueId output : outputs) met[static_cast<size_t>(output)] = true;
    for (Step& step : steps)
      for (const ValueId operand : step.operands) {
        if (operand == kNone || met[static_cast<size_t>(operand)]) continue;
        met[static_cast<size_t>(operand)] = true;
        step.expire.push_back(operand);
      }
  }

  const Graph& graph_;
  std::vector<int> reads_;  ///< by value, of needed nodes and outputs
  std::vector<bool> needed_, absorbed_;
};

}  // namespace

std::vector<Step> plan_steps(const Graph& graph, std::span<const ValueId> outputs) {
  return Planner(graph, outputs).plan(outputs);
}

}  // namespace edgetran::train::torch_engine
