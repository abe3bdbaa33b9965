#include "train/torch/interpreter.h"

#include <algorithm>
#include <cstring>

#include "base/result.h"
#include "train/torch/attention.h"
#include "train/torch/convolution.h"
#include "train/torch/dropout.h"
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

at::Tensor run_layer_norm(const Node& node, std::span<const at::Tensor> in) {
  return at::layer_norm(in[0], {in[0].size(-1)}, in[1], in[2], node.attributes.epsilon);
}

at::Tensor run_linear(std::span<const at::Tensor> in, Precision precision) {
  return at::linear(to_compute_type(in[0], precision), to_compute_type(in[1], precision),
                    in.size() > 2 ? to_compute_type(in[2], precision) : at::Tensor());
}

/// The residual stream keeps the narrower type, so that it is not widened back by a stray operand.
at::Tensor run_add(std::span<const at::Tensor> in, Precision precision) {
  if (precision == Precision::kBf16 && in[0].scalar_type() != in[1].scalar_type()) {
    return at::add(in[0].to(at::kBFloat16), in[1].to(at::kBFloat16));
  }
  return at::add(in[0], in[1]);
}

at::Tensor run_split_heads(const graph::Graph& graph, const Node& node, const at::Tensor& x,
                           int64_t offset) {
  const auto& shape = graph.value(node.output).shape;  // [batch, blocks, length, width]
  const int64_t blocks = graph.axis(shape[1]).size;
  const int64_t width = graph.axis(shape[3]).size;
  return x.narrow(-1, offset, blocks * width)
      .view({x.size(0), x.size(1), blocks, width})
      .transpose(1, 2);
}

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

struct NodeRun {
  const graph::Graph& graph;
  const Node& node;
  const PassOptions& options;
  PositionMatrices& matrices;
  int64_t offset;
  uint64_t dropout_key;
};

at::Tensor run_node(const NodeRun& run, std::span<const at::Tensor> in) {
  const at::Tensor mask = run.node.attributes.has_mask ? in.back() : at::Tensor();
  const double drop_share = run.options.training ? run.options.dropout : 0;
  switch (run.node.op) {
    case Op::kEmbedding:
      return at::embedding(in[0], in[1]);
    case Op::kPositionRows: {
      const auto& shape = run.graph.value(run.node.output).shape;
      EDGETRAN_CHECK(run.graph.axis(shape[0]).kind == graph::Axis::Kind::kLength,
                     "position rows run over the length");
      return in[0].narrow(0, 0, run.offset);
    }
    case Op::kLinear:
      return run_linear(in, run.options.precision);
    case Op::kAdd:
      return run_add(in, run.options.precision);
    case Op::kLayerNorm:
      return run_layer_norm(run.node, in);
    case Op::kDropout:
      return keyed_dropout(in[0], drop_share, run.dropout_key);
    case Op::kGelu:
      return at::gelu(in[0]);
    case Op::kTanh:
      return at::tanh(in[0]);
    case Op::kSplitHeads:
      return run_split_heads(run.graph, run.node, in[0], run.offset);
    case Op::kMergeHeads:
      return run_merge_heads(in);
    case Op::kAttention:
      return run_attention(run.node, in, {drop_share, run.dropout_key});
    case Op::kHeadLinear:
      return run_head_linear(in);
    case Op::kMultiply:
      return at::mul(in[0], in[1]);
    case Op::kSpectral:
      return spectral_transform(run.node.attributes.spectrum, in[0], mask, run.matrices);
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
  std::vector<bool> needed(graph.values().size(), false);
  for (const auto& name : outputs) {
    outputs_.push_back(graph.find_output(name));
    EDGETRAN_CHECK(outputs_.back() != graph::kNone, "the graph has the output " + name);
    needed[static_cast<size_t>(outputs_.back())] = true;
  }
  // Backwards: a value met for the first time is read last by this node.
  const auto nodes = graph.nodes();
  for (auto i = static_cast<int32_t>(nodes.size()) - 1; i >= 0; --i) {
    const Node& node = nodes[static_cast<size_t>(i)];
    if (!needed[static_cast<size_t>(node.output)]) continue;
    Step step{.node = i, .offset = 0, .expire = {}};
    for (const ValueId input : node.inputs) {
      if (needed[static_cast<size_t>(input)]) continue;
      needed[static_cast<size_t>(input)] = true;
      step.expire.push_back(input);
    }
    steps_.push_back(std::move(step));
  }
  std::reverse(steps_.begin(), steps_.end());
  plan_offsets();
}

void Interpreter::plan_offsets() {
  for (Step& step : steps_) {
    const Node& node = graph_->nodes()[static_cast<size_t>(step.node)];
    if (node.op != Op::kSplitHeads) continue;
    const graph::Axis& features = graph_->axis(graph_->value(node.inputs[0]).shape.back());
    for (int32_t part = 0; part < node.attributes.part; ++part) {
      const graph::AxisPart& before = features.parts[static_cast<size_t>(part)];
      step.offset += graph_->axis(before.blocks).size * graph_->axis(before.width).size;
    }
  }
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
  const int64_t length = find_length(*graph_, inputs);
  PositionMatrices matrices;
  std::vector<at::Tensor> operands;
  for (const Step& step : steps_) {
    const Node& node = graph_->nodes()[static_cast<size_t>(step.node)];
    operands.clear();
    for (const ValueId input : node.inputs) operands.push_back(values[static_cast<size_t>(input)]);
    const NodeRun run{.graph = *graph_,
                      .node = node,
                      .options = options,
                      .matrices = matrices,
                      .offset = node.op == Op::kPositionRows ? length : step.offset,
                      .dropout_key = derive_key(options.dropout_key, step.node)};
    values[static_cast<size_t>(node.output)] = run_node(run, operands);
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
