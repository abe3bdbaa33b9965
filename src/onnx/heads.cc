// The operators of heads but attention and the transforms. Those around a convolution work on
// channels [batch, heads * width, length], where one grouped convolution does all heads.
#include <fmt/format.h>

#include "base/result.h"
#include "onnx/translator.h"

namespace edgetran::onnx {

using graph::Node;
using graph::ValueId;

// y = x Wᵀ + b of each head: nothing where it was folded into the projection before, a convolution
// of one tap where x lies in channels, else a product with a stack of matrices.
void Translator::head_linear(const Node& node) {
  const ValueId x = node.inputs[0];
  if (folding_.folded[static_cast<size_t>(graph_.value(node.output).index)]) {
    layouts_[static_cast<size_t>(node.output)] = layouts_[static_cast<size_t>(x)];
    return;
  }
  if (has_layout(x, Layout::kChannels)) {
    set_layout(node.output, Layout::kChannels, grouped_convolution(node));
    return;
  }
  const weights::Tensor& weight = tensor_of(node.inputs[1]);  // [heads, out, in]
  const int64_t heads = weight.shape[0], out = weight.shape[1], in = weight.shape[2];
  std::vector<float> transposed(weight.data.size());
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t i = 0; i < out; ++i)
      for (int64_t j = 0; j < in; ++j)
        transposed[static_cast<size_t>((head * in + j) * out + i)] =
            weight.data[static_cast<size_t>((head * out + i) * in + j)];
  const std::string matrix =
      writer_.floats(parameter_name(node.inputs[1]) + ".transposed", {heads, in, out}, transposed);
  std::string y = writer_.node("MatMul", {in_layout(x, Layout::kHeads), matrix}, "product");
  if (node.inputs.size() > 2) {
    const std::string bias = writer_.floats(parameter_name(node.inputs[2]), {heads, 1, out},
                                            tensor_of(node.inputs[2]).data);
    y = writer_.node("Add", {y, bias}, "head_linear");
  }
  names_[static_cast<size_t>(node.output)] = y;
}

// x [batch, heads * in, length] -> [batch, heads * out, length]
std::string Translator::grouped_convolution(const Node& node) {
  const weights::Tensor& weight = tensor_of(node.inputs[1]);  // [heads, out, in]
  const int64_t heads = weight.shape[0], out = weight.shape[1], in = weight.shape[2];
  std::vector<std::string> inputs{
      in_layout(node.inputs[0], Layout::kChannels),
      writer_.floats(parameter_name(node.inputs[1]), {heads * out, in, 1}, weight.data)};
  if (node.inputs.size() > 2)
    inputs.push_back(writer_.floats(parameter_name(node.inputs[2]), {heads * out},
                                    tensor_of(node.inputs[2]).data));
  return writer_.node("Conv", inputs, "head_linear", {{"group", heads}});
}

void Translator::multiply(const Node& node) {
  const ValueId a = node.inputs[0], b = node.inputs[1];
  if (has_layout(a, Layout::kChannels) || has_layout(b, Layout::kChannels)) {
    set_layout(
        node.output, Layout::kChannels,
        writer_.node("Mul", {in_layout(a, Layout::kChannels), in_layout(b, Layout::kChannels)},
                     "multiply"));
    return;
  }
  names_[static_cast<size_t>(node.output)] =
      writer_.node("Mul", {name_of(a), name_of(b)}, "multiply");
}

// tensor [batch, channels, length] with its padded positions set to zero.
std::string Translator::valid_channels(const std::string& tensor, const Node& node) {
  if (!node.attributes.has_mask) return tensor;
  const std::string mask = name_of(node.inputs.back());
  const std::string& valid = once(mask + "/channels", [&] {
    const std::string channels =
        writer_.node("Unsqueeze", {mask, writer_.integers({1})}, "channels");
    return writer_.node("Cast", {channels}, "valid", {{"to", int64_t{::onnx::TensorProto::FLOAT}}});
  });
  return writer_.node("Mul", {tensor, valid}, "unpadded");
}

void Translator::depthwise_convolution(const Node& node) {
  const weights::Tensor& weight = tensor_of(node.inputs[1]);  // [heads, width, taps]
  const int64_t channels = weight.shape[0] * weight.shape[1], taps = weight.shape[2];
  const std::string filters =
      writer_.floats(parameter_name(node.inputs[1]), {channels, 1, taps}, weight.data);
  const std::string x = valid_channels(in_layout(node.inputs[0], Layout::kChannels), node);
  const int64_t reach = (taps - 1) / 2;
  set_layout(node.output, Layout::kChannels,
             writer_.node("Conv", {x, filters}, "depthwise",
                          {{"group", channels}, {"pads", std::vector<int64_t>{reach, reach}}}));
}

// y[t] = sum over taps j of softmax(scores[t])[j] x[t + j - reach], as one product and sum a tap.
void Translator::dynamic_convolution(const Node& node) {
  const ValueId scores = node.inputs[0], x = node.inputs[1];
  const int64_t taps = width_of(scores), heads = heads_of(x), width = width_of(x);
  const auto by_head = [&](const std::string& channels, int64_t size, std::string_view label) {
    return writer_.node("Reshape", {channels, writer_.integers({0, heads, size, -1})}, label);
  };
  const std::string shares =
      writer_.node("Softmax", {by_head(in_layout(scores, Layout::kChannels), taps, "taps")},
                   "softmax", {{"axis", int64_t{2}}});
  const int64_t reach = (taps - 1) / 2;
  const std::string padded =
      writer_.node("Pad",
                   {by_head(valid_channels(in_layout(x, Layout::kChannels), node), width, "values"),
                    writer_.integers({0, 0, 0, reach, 0, 0, 0, reach}), writer_.scalar(0)},
                   "padded");
  std::string sum;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const std::string share = writer_.node(
        "Slice",
        {shares, writer_.integers({tap}), writer_.integers({tap + 1}), writer_.integers({2})},
        "share");
    const std::string shifted = writer_.node(
        "Slice", {padded, writer_.integers({tap}), length_value(0, 1, tap), writer_.integers({3})},
        "shifted");
    const std::string term = writer_.node("Mul", {shifted, share}, "term");
    sum = sum.empty() ? term : writer_.node("Add", {sum, term}, "sum");
  }
  set_layout(node.output, Layout::kChannels,
             writer_.node("Reshape", {sum, writer_.integers({0, heads * width, -1})}, "convolved"));
}

}  // namespace edgetran::onnx
