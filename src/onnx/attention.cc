// Attention, expanded to MatMul and Softmax in the order of transposes that Hugging Face's
// exporters use: ONNX Runtime and OpenVINO look for it.
#include <fmt/format.h>

#include <cmath>

#include "base/result.h"
#include "onnx/translator.h"

namespace edgetran::onnx {
namespace {

using graph::Node;
using graph::ValueId;

// Added to the scores of padded keys. The lowest finite half: exp of it is 0 in every precision,
// and it stays finite when a runtime narrows the constants (0 * infinity would be NaN).
constexpr float kMaskedScore = -65504.0F;

}  // namespace

// [batch, heads, width, length]
std::string Translator::transposed_keys(ValueId keys) {
  if (has_layout(keys, Layout::kHeadRows) || has_layout(keys, Layout::kRows))
    return writer_.node("Transpose", {in_layout(keys, Layout::kHeadRows)}, "keys",
                        {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
  return writer_.node("Transpose", {name_of(keys)}, "keys",
                      {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
}

// softmax((q kT + P) / sqrt(width) + mask) v
std::string Translator::attention(const Node& node) {
  const ValueId queries = node.inputs[0];
  const auto width = static_cast<double>(graph_.axis(graph_.value(queries).shape[3]).size);
  std::string scores =
      writer_.node("MatMul", {name_of(queries), transposed_keys(node.inputs[1])}, "products");
  if (node.attributes.has_relative)
    scores = writer_.node("Add", {scores, relative_scores(queries, node.inputs[3])}, "positioned");
  scores =
      writer_.node("Div", {scores, writer_.scalar(static_cast<float>(std::sqrt(width)))}, "scores");
  if (node.attributes.has_mask)
    scores = writer_.node("Add", {scores, mask_bias(node.inputs.back())}, "masked");
  const std::string shares = writer_.node("Softmax", {scores}, "softmax", {{"axis", int64_t{-1}}});
  return writer_.node("MatMul", {shares, name_of(node.inputs[2])}, "context");
}

// mask [batch, length] -> [batch, 1, 1, length]: 0 for valid keys, kMaskedScore for padding. Made
// once, shared by all layers.
std::string Translator::mask_bias(ValueId mask) {
  return once(name_of(mask) + "_bias", [&] {
    const std::string heads =
        writer_.node("Unsqueeze", {name_of(mask), writer_.integers({1})}, "heads");
    const std::string rows = writer_.node("Unsqueeze", {heads, writer_.integers({2})}, "rows");
    const std::string valid =
        writer_.node("Cast", {rows}, "valid", {{"to", int64_t{::onnx::TensorProto::FLOAT}}});
    const std::string padding = writer_.node("Sub", {writer_.scalar(1), valid}, "padding");
    return writer_.node("Mul", {padding, writer_.scalar(kMaskedScore)}, "scores");
  });
}

// P[t, r] = q[t] . relative[t - r + positions - 1], as one product with all offsets and a skew: the
// table gathered to [length, length, width] would be length times as large.
std::string Translator::relative_scores(ValueId queries, ValueId table) {
  return skew(writer_.node("MatMul", {name_of(queries), relative_columns(table)}, "offsets"));
}

// The table's rows as columns in descending order of offset, from length-1 to -(length-1), and one
// more column that no score reads (it makes the skew work from length 1 on): [width, 2 length].
std::string Translator::relative_columns(ValueId table) {
  const weights::Tensor& rows = tensor_of(table);
  const int64_t positions = (rows.shape[0] + 1) / 2;
  const int64_t width = rows.shape[1];
  const int64_t reach = options_.dynamic ? positions : options_.length;
  const std::string& name = once(fmt::format("{}.columns", parameter_name(table)), [&] {
    const auto columns = static_cast<size_t>(2 * reach);
    std::vector<float> values(static_cast<size_t>(width) * columns, 0.0F);
    for (size_t column = 0; column + 1 < columns; ++column) {
      const auto row = static_cast<size_t>(positions + reach - 2) - column;
      for (size_t i = 0; i < static_cast<size_t>(width); ++i)
        values[i * columns + column] = rows.data[row * static_cast<size_t>(width) + i];
    }
    return writer_.floats(fmt::format("{}.columns_{}", parameter_name(table), reach),
                          {width, 2 * reach}, values);
  });
  if (!options_.dynamic) return name;
  return writer_.node(
      "Slice",
      {name, length_value(0, -1, positions), length_value(0, 1, positions), writer_.integers({1})},
      "relative");
}

// products [batch, heads, length, 2 length], whose column length-1-t+r belongs to (t, r), as
// [batch, heads, length, length]. In the flat row-major order of one head that element lies at
// t (2 length - 1) + r + length - 1, so a matrix with rows of 2 length - 1 that begins at length -
// 1 has it at (t, r).
std::string Translator::skew(const std::string& products) {
  const std::string flat =
      writer_.node("Reshape", {products, writer_.integers({0, 0, -1})}, "flat");
  const std::string cut = writer_.node(
      "Slice", {flat, length_value(0, 1, -1), length_value(2, 0, -1), writer_.integers({2})},
      "cut");
  const std::string shape =
      options_.dynamic
          ? once("length/skewed",
                 [&] {
                   return writer_.node("Concat",
                                       {writer_.integers({0, 0, -1}), length_value(0, 2, -1)},
                                       "shape", {{"axis", int64_t{0}}});
                 })
          : writer_.integers({0, 0, options_.length, 2 * options_.length - 1});
  const std::string rows = writer_.node("Reshape", {cut, shape}, "skewed");
  return writer_.node("Slice",
                      {rows, writer_.integers({0}), length_value(0, 1, 0), writer_.integers({3})},
                      "offset_scores");
}

}  // namespace edgetran::onnx
