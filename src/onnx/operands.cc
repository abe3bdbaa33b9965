// Names of the tensors that nodes read: parameters, values and numbers that depend on the length.
#include <fmt/format.h>

#include <algorithm>

#include "base/result.h"
#include "onnx/translator.h"

namespace edgetran::onnx {

using graph::Op;
using graph::Value;
using graph::ValueId;

bool Translator::is_parameter(ValueId value) const {
  return graph_.value(value).source == Value::Source::kParameter;
}

const weights::Tensor& Translator::tensor_of(ValueId parameter) const {
  EDGETRAN_CHECK(is_parameter(parameter), "a parameter is wanted");
  const graph::ParameterId id = graph_.value(parameter).index;
  const auto folded = folding_.parameters.find(id);
  return folded == folding_.parameters.end() ? weights_.at(id) : folded->second;
}

const std::string& Translator::parameter_name(ValueId parameter) const {
  EDGETRAN_CHECK(is_parameter(parameter), "a parameter is wanted");
  return graph_.parameters()[static_cast<size_t>(graph_.value(parameter).index)].name;
}

const std::string& Translator::name_of(ValueId value) {
  std::string& name = names_[static_cast<size_t>(value)];
  if (!name.empty()) return name;
  if (is_parameter(value)) {
    const weights::Tensor& tensor = tensor_of(value);
    name = writer_.floats(parameter_name(value), tensor.shape, tensor.data);
  } else {
    name = in_layout(value, Layout::kHeads);
  }
  return name;
}

// A weight [out, in] as [in, out]. The bytes are stored transposed, so that no runtime has to do it
// when it loads, unless another node reads the same parameter (tied embeddings): then once, as it
// is.
std::string Translator::transposed(ValueId weight) {
  if (!is_parameter(weight) || reads_[static_cast<size_t>(weight)] > 1)
    return writer_.node("Transpose", {name_of(weight)}, "weight_transposed",
                        {{"perm", std::vector<int64_t>{1, 0}}});
  const weights::Tensor& tensor = tensor_of(weight);
  const auto rows = static_cast<size_t>(tensor.shape[0]);
  const auto columns = static_cast<size_t>(tensor.shape[1]);
  std::vector<float> values(tensor.data.size());
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < columns; ++column)
      values[column * rows + row] = tensor.data[row * columns + column];
  return writer_.floats(parameter_name(weight) + ".transposed", {tensor.shape[1], tensor.shape[0]},
                        values);
}

std::string Translator::length_value(int64_t square, int64_t linear, int64_t constant) {
  if (!options_.dynamic) {
    const int64_t length = options_.length;
    return writer_.integers({square * length * length + linear * length + constant});
  }
  return once(fmt::format("length/{}_{}_{}", square, linear, constant), [&] {
    const std::string& length = once("length", [&] {
      const auto has_length = [&](const graph::NamedValue& input) {
        const graph::Shape& shape = graph_.value(input.value).shape;
        return shape.size() == 2 && graph_.axis(shape[1]).kind == graph::Axis::Kind::kLength &&
               reads_[static_cast<size_t>(input.value)] > 0;
      };
      const auto input = std::find_if(graph_.inputs().begin(), graph_.inputs().end(), has_length);
      EDGETRAN_CHECK(input != graph_.inputs().end(), "no input [batch, length]");
      return writer_.node("Shape", {input->name}, "shape",
                          {{"start", int64_t{1}}, {"end", int64_t{2}}});
    });
    std::string value = length;
    if (square != 0 || linear != 1)  // Horner: (square * length + linear) * length
      value = writer_.node(
          "Mul",
          {square == 0
               ? writer_.integers({linear})
               : writer_.node("Add",
                              {writer_.node("Mul", {length, writer_.integers({square})}, "square"),
                               writer_.integers({linear})},
                              "slope"),
           length},
          "product");
    if (constant != 0) value = writer_.node("Add", {value, writer_.integers({constant})}, "sum");
    return value;
  });
}

}  // namespace edgetran::onnx
