#include "train/torch/interpreter.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "base/result.h"
#include "train/torch/attention.h"
#include "train/torch/convolution.h"
#include "train/torch/dropout.h"
#include "train/torch/fused.h"
#include "train/torch/linear.h"
#include "train/torch/spectral.h"

namespace edgetran::train::torch_engine {
namespace {

using graph::Node;
using graph::Op;
using graph::ValueId;

/// bfloat16 where the pass asks for it; float64 stays, because tests run in it.
at::Tensor to_compute_type(const at::Tensor& x, Precision precision) {
  return precision == Precision::kBf16 ? x.to(at::kBFloat16) : x;
}

/// Rows of the table. Where something else reads the table too, its gradient is dense already: the
/// few rows of this one are added to it as they are, and no table of zeros is made for them.
at::Tensor run_embedding(std::span<const at::Tensor> in, bool table_is_shared) {
  return at::embedding(in[0], in[1], /*padding_idx=*/-1, /*scale_grad_by_freq=*/false,
                       /*sparse=*/table_is_shared && in[0].is_cpu());
}

at::Tensor run_layer_norm(const Node& node, std::span<const at::Tensor> in) {
  return at::layer_norm(in[0], {in[0].size(-1)}, in[1], in[2], node.attributes.epsilon);
}

at::Tensor run_linear(std::span<const at::Tensor> in, Precision precision) {
  return linear(in[0], in[1], in.size() > 2 ? in[2] : at::Tensor(), precision);
}

/// The residual stream keeps the narrower type, so that it is not widened back by a stray operand.
at::Tensor run_add(std::span<const at::Tensor> in, Precision precision) {
  if (precision == Precision::kBf16 && in[0].scalar_type() != in[1].scalar_type()) {
    return at::add(in[0].to(at::kBFloat16), in[1].to(at::kBFloat16));
  }
  return at::add(in[0], in[1]);
}

/// The groups of each projection, cut once: one cut has one gradient to put together.
class Splits {
 public:
  at::Tensor take(const graph::Graph& graph, const Node& node, const at::Tensor& x) {
    auto [entry, fresh] = parts_.try_emplace(node.inputs[0]);
    if (fresh) entry->second = cut(graph, node, x);
    const auto& shape = graph.value(node.output).shape;  // [batch, blocks, length, width]
    const int64_t blocks = graph.axis(shape[1]).size;
    const int64_t width = graph.axis(shape[3]).size;
    const at::Tensor part =
        std::exchange(entry->second[static_cast<size_t>(node.attributes.part)], at::Tensor());
    return part.view({x.size(0), x.size(1), blocks, width}).transpose(1, 2);
  }

 private:
  static std::vector<at::Tensor> cut(const graph::Graph& graph, const Node& node,
                                     const at::Tensor& x) {
    const graph::Axis& features = graph.axis(graph.value(node.inputs[0]).shape.back());
    if (features.parts.size() == 1) return {x};
    std::vector<int64_t> sizes;
    sizes.reserve(features.parts.size());
    for (const graph::AxisPart& part : features.parts)
      sizes.push_back(graph.axis(part.blocks).size * graph.axis(part.width).size);
    return at::split_with_sizes(x, sizes, -1);
  }
  std::map<ValueId, std::vector<at::Tensor>> parts_;
};

at::Tensor run_merge_heads(std::span<const at::Tensor> groups) {
  std::vector<at::Tensor> parts;
  parts.reserve(groups.size());
  for (const at::Tensor& group : groups) parts.push_back(group.transpose(1, 2).flatten(2));
  return parts.size() == 1 ? parts[0] : at::cat(parts, -1);
}

at::Tensor run_attention(const Node& node, std::span<const at::Tensor> in,
                         const AttentionDropout& dropout) {
  AttentionOperands operands;
  operands.query = in[0];
  operands.key = in[1];
  operands.value = in[2];
  if (node.attributes.has_relative) operands.relative = in[3].to(in[0].scalar_type());
  if (node.attributes.has_mask) operands.mask = in.back();
  return attention(operands, node.attributes.dropout ? dropout : AttentionDropout{});
}

at::Tensor run_head_linear(std::span<const at::Tensor> in) {
  const auto type = in[0].scalar_type();
  return head_linear(in[0], in[1].to(type), in.size() > 2 ? in[2].to(type) : at::Tensor());
}

/// What the steps of one pass share.
struct Pass {
  const graph::Graph& graph;
  const PassOptions& options;
  int64_t length = 0;
  PositionMatrices matrices = {};
  Splits splits = {};

  double drop_share() const { return options.training ? options.dropout : 0; }
  uint64_t dropout_key(int32_t node) const { return derive_key(options.dropout_key, node); }
};

at::Tensor run_residual_norm(const Pass& pass, const Step& step, std::span<const at::Tensor> in) {
  const Node& norm = pass.graph.nodes()[static_cast<size_t>(step.node)];
  const at::Tensor change = linear(in[1], in[2], at::Tensor(), pass.options.precision);
  return residual_norm(to_compute_type(in[0], pass.options.precision), change, in[3], in[4], in[5],
                       norm.attributes.epsilon,
                       {pass.drop_share(), pass.dropout_key(step.dropout)});
}

at::Tensor run_node(Pass& pass, const Step& step, std::span<const at::Tensor> in) {
  const Node& node = pass.graph.nodes()[static_cast<size_t>(step.node)];
  const at::Tensor mask = node.attributes.has_mask ? in.back() : at::Tensor();
  switch (node.op) {
    case Op::kEmbedding:
      return run_embedding(in, step.table_is_shared);
    case Op::kPositionRows:
      return in[0].narrow(0, 0, pass.length);
    case Op::kLinear:
      return run_linear(in, pass.options.precision);
    case Op::kAdd:
      return run_add(in, pass.options.precision);
    case Op::kLayerNorm:
      return run_layer_norm(node, in);
    case Op::kDropout:
      return keyed_dropout(in[0], pass.drop_share(), pass.dropout_key(step.node));
    case Op::kGelu:
      return at::gelu(in[0]);
    case Op::kTanh:
      return at::tanh(in[0]);
    case Op::kSplitHeads:
      return pass.splits.take(pass.graph, node, in[0]);
    case Op::kMergeHeads:
      return run_merge_heads(in);
    case Op::kAttention:
      return run_attention(node, in, {pass.drop_share(), pass.dropout_key(step.node)});
    case Op::kHeadLinear:
      return run_head_linear(in);
    case Op::kMultiply:
      return at::mul(in[0], in[1]);
    case Op::kSpectral:
      return spectral_transform(node.attributes.spectrum, in[0], mask, pass.matrices);
    case Op::kDepthwiseConvolution:
      return depthwise_convolution(in[0], in[1].to(in[0].scalar_type()), mask);
    case Op::kDynamicConvolution:
      return dynamic_convolution(in[0], in[1], mask);
    case Op::kFirstToken:
      return in[0].select(1, 0);
    case Op::kSelectPositions:
      return in[0].flatten(0, 1).index_select(0, in[1]);
  }
  base::check_failed("op", __FILE__, __LINE__, "the interpreter knows every operator");
}

at::Tensor run_step(Pass& pass, const Step& step, std::span<const at::Tensor> in) {
  switch (step.kind) {
    case StepKind::kNode:
      return run_node(pass, step, in);
    case StepKind::kLinearGelu:
      return bias_gelu(linear(in[0], in[1], at::Tensor(), pass.options.precision), in[2]);
    case StepKind::kResidualNorm:
      return run_residual_norm(pass, step, in);
  }
  base::check_failed("kind", __FILE__, __LINE__, "the interpreter knows every kind of step");
}

/// Length of this run, read off the first input with a length axis; 0 where none has one.
int64_t find_length(const graph::Graph& graph, std::span<const at::Tensor> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& shape = graph.value(graph.inputs()[i].value).shape;
    for (size_t d = 0; d < shape.size() && inputs[i].defined(); ++d) {
      if (graph.axis(shape[d]).kind == graph::Axis::Kind::kLength) {
        return inputs[i].size(static_cast<int64_t>(d));
      }
    }
  }
  return 0;
}

}  // namespace

Interpreter::Interpreter(const graph::Graph& graph, const std::vector<std::string>& outputs)
    : graph_(&graph) {
  for (const auto& name : outputs) {
    outputs_.push_back(graph.find_output(name));
    EDGETRAN_CHECK(outputs_.back() != graph::kNone, "the graph has the output " + name);
  }
  steps_ = plan_steps(graph, outputs_);
}

std::vector<at::Tensor> Interpreter::run(std::span<const at::Tensor> inputs,
                                         std::span<const at::Tensor> parameters,
                                         const PassOptions& options) const {
  EDGETRAN_CHECK(inputs.size() == graph_->inputs().size(), "one tensor an input");
  EDGETRAN_CHECK(parameters.size() == graph_->parameters().size(), "one tensor a parameter");
  std::vector<at::Tensor> values(graph_->values().size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    values[static_cast<size_t>(graph_->inputs()[i].value)] = inputs[i];
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const graph::Value& value = graph_->values()[i];
    if (value.source == graph::Value::Source::kParameter) {
      values[i] = parameters[static_cast<size_t>(value.index)];
    }
  }
  Pass pass{.graph = *graph_, .options = options, .length = find_length(*graph_, inputs)};
  std::vector<at::Tensor> operands;
  for (const Step& step : steps_) {
    operands.clear();
    for (const ValueId operand : step.operands)
      operands.push_back(operand == graph::kNone ? at::Tensor()
                                                 : values[static_cast<size_t>(operand)]);
    const Node& node = graph_->nodes()[static_cast<size_t>(step.node)];
    values[static_cast<size_t>(node.output)] = run_step(pass, step, operands);
    for (const ValueId value : step.expire) values[static_cast<size_t>(value)].reset();
  }
  std::vector<at::Tensor> results;
  results.reserve(outputs_.size());
  for (const ValueId output : outputs_) results.push_back(values[static_cast<size_t>(output)]);
  return results;
}

std::vector<at::Tensor> to_tensors(const weights::Weights& weights, bool requires_grad) {
  std::vector<at::Tensor> tensors;
  for (size_t i = 0; i < weights.size(); ++i) {
    const weights::Tensor& source = weights.at(static_cast<graph::ParameterId>(i));
    at::Tensor tensor = at::empty(source.shape, at::kFloat);
    std::memcpy(tensor.mutable_data_ptr<float>(), source.data.data(),
                source.data.size() * sizeof(float));
    tensors.push_back(tensor.set_requires_grad(requires_grad));
  }
  return tensors;
}

weights::Weights to_weights(const graph::Graph& graph, std::span<const at::Tensor> tensors) {
  weights::Weights weights(graph);
  for (size_t i = 0; i < tensors.size(); ++i) {
    weights::Tensor& target = weights.at(static_cast<graph::ParameterId>(i));
    const at::Tensor source = tensors[i].detach().contiguous();
    EDGETRAN_CHECK(source.sizes() == at::IntArrayRef(target.shape), "one tensor a parameter");
    std::memcpy(target.data.data(), source.const_data_ptr<float>(),
                target.data.size() * sizeof(float));
  }
  return weights;
}

}  // namespace edgetran::train::torch_engine
