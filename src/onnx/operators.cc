// The operators but attention, each in the form that runtimes recognise and fuse.
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/result.h"
#include "onnx/translator.h"

namespace edgetran::onnx {

using graph::Node;
using graph::Op;

std::string Translator::tensor(const Node& node) {
  switch (node.op) {
    case Op::kEmbedding:
      return embedding(node);
    case Op::kPositionRows:
      return position_rows(node);
    case Op::kLinear:
      return linear(node);
    case Op::kAdd:
      // The change before the residual stream: the order of BERT's exporters, which fusions want.
      return writer_.node("Add", {name_of(node.inputs[1]), name_of(node.inputs[0])}, "add");
    case Op::kLayerNorm:
      return layer_norm(node);
    case Op::kDropout:
      return name_of(node.inputs[0]);
    case Op::kGelu:
      return gelu(node);
    case Op::kTanh:
      return writer_.node("Tanh", {name_of(node.inputs[0])}, "tanh");
    case Op::kMergeHeads:
      return merge_heads(node);
    case Op::kAttention:
      return attention(node);
    case Op::kFirstToken:
      return writer_.node("Gather", {name_of(node.inputs[0]), writer_.integer(0)}, "first_token",
                          {{"axis", int64_t{1}}});
    case Op::kSelectPositions:
      return select_positions(node);
    case Op::kSplitHeads:
    case Op::kHeadLinear:
    case Op::kMultiply:
    case Op::kSpectral:
    case Op::kDepthwiseConvolution:
    case Op::kDynamicConvolution:
      break;  // they set layouts
  }
  EDGETRAN_CHECK(false, "no tensor for operator " + std::string(graph::op_name(node.op)));
}

std::string Translator::embedding(const Node& node) {
  return writer_.node("Gather", {name_of(node.inputs[0]), name_of(node.inputs[1])}, "rows",
                      {{"axis", int64_t{0}}});
}

// Rows 0 .. length-1: cut off in a static model, a slice in a dynamic one.
std::string Translator::position_rows(const Node& node) {
  const graph::ValueId table = node.inputs[0];
  if (options_.dynamic || !is_parameter(table))
    return writer_.node(
        "Slice",
        {name_of(table), writer_.integers({0}), length_value(0, 1, 0), writer_.integers({0})},
        "positions");
  const weights::Tensor& rows = tensor_of(table);
  const auto count = static_cast<size_t>(options_.length * rows.shape[1]);
  return writer_.floats(fmt::format("{}.first_{}", parameter_name(table), options_.length),
                        {options_.length, rows.shape[1]}, std::span(rows.data).first(count));
}

std::string Translator::linear(const Node& node) {
  const std::string x = name_of(node.inputs[0]);
  const bool has_bias = node.inputs.size() > 2;
  if (graph_.value(node.inputs[0]).shape.size() == 2) {  // Gemm takes the weight as it is stored
    std::vector<std::string> inputs{x, name_of(node.inputs[1])};
    if (has_bias) inputs.push_back(name_of(node.inputs[2]));
    return writer_.node("Gemm", inputs, "linear", {{"transB", int64_t{1}}});
  }
  std::string product = writer_.node("MatMul", {x, transposed(node.inputs[1])}, "product");
  if (!has_bias) return product;
  return writer_.node("Add", {product, name_of(node.inputs[2])}, "linear");
}

std::string Translator::layer_norm(const Node& node) {
  return writer_.node(
      "LayerNormalization",
      {name_of(node.inputs[0]), name_of(node.inputs[1]), name_of(node.inputs[2])}, "norm",
      {{"axis", int64_t{-1}}, {"epsilon", static_cast<float>(node.attributes.epsilon)}});
}

// x * (1 + erf(x / sqrt 2)) * 0.5: opset 17 has no Gelu; both runtimes fuse this order.
std::string Translator::gelu(const Node& node) {
  const std::string x = name_of(node.inputs[0]);
  const std::string scaled =
      writer_.node("Div", {x, writer_.scalar(std::numbers::sqrt2_v<float>)}, "scaled");
  const std::string erf = writer_.node("Erf", {scaled}, "erf");
  const std::string shifted = writer_.node("Add", {erf, writer_.scalar(1)}, "shifted");
  const std::string doubled = writer_.node("Mul", {x, shifted}, "doubled");
  return writer_.node("Mul", {doubled, writer_.scalar(0.5F)}, "gelu");
}

std::string Translator::select_positions(const Node& node) {
  const int64_t width = graph_.axis(graph_.value(node.inputs[0]).shape[2]).size;
  const std::string rows = writer_.node(
      "Reshape", {name_of(node.inputs[0]), writer_.integers({-1, width})}, "positions");
  return writer_.node("Gather", {rows, name_of(node.inputs[1])}, "selected",
                      {{"axis", int64_t{0}}});
}

}  // namespace edgetran::onnx
