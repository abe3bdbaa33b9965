#include "graph/describe.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <iterator>

namespace edgetran::graph {
namespace {

std::string value_name(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  const auto index = static_cast<size_t>(value.index);
  switch (value.source) {
    case Value::Source::kInput:
      return graph.inputs()[index].name;
    case Value::Source::kParameter:
      return graph.parameters()[index].name;
    case Value::Source::kNode:
      break;
  }
  return fmt::format("%{}", value.index);
}

std::string axis_list(const Graph& graph, const Shape& shape) {
  std::vector<std::string> names;
  names.reserve(shape.size());
  for (const AxisId id : shape) {
    const Axis& axis = graph.axis(id);
    names.push_back(axis.kind == Axis::Kind::kFixed ? fmt::format("{}={}", axis.name, axis.size)
                                                    : axis.name);
  }
  return fmt::format("[{}]", fmt::join(names, ", "));
}

std::string node_line(const Graph& graph, const Node& node) {
  std::vector<std::string> operands;
  operands.reserve(node.inputs.size());
  for (const ValueId input : node.inputs) operands.push_back(value_name(graph, input));
  std::string attribute;
  if (node.op == Op::kSplitHeads) attribute = fmt::format(", part {}", node.attributes.part);
  if (node.op == Op::kSpectral)
    attribute = node.attributes.spectrum == Spectrum::kDft ? ", dft" : ", dct";
  return fmt::format("{}{} = {}({}{})  # {}\n", value_name(graph, node.output),
                     axis_list(graph, graph.value(node.output).shape), op_name(node.op),
                     fmt::join(operands, ", "), attribute, node.scope);
}

}  // namespace

std::string describe(const Graph& graph) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const NamedValue& input : graph.inputs())
    fmt::format_to(out, "input {}{}\n", input.name,
                   axis_list(graph, graph.value(input.value).shape));
  for (const Parameter& parameter : graph.parameters())
    fmt::format_to(out, "parameter {}{}\n", parameter.name, axis_list(graph, parameter.shape));
  for (const Node& node : graph.nodes()) text += node_line(graph, node);
  for (const NamedValue& output : graph.outputs())
    fmt::format_to(out, "output {} = {}\n", output.name, value_name(graph, output.value));
  return text;
}

}  // namespace edgetran::graph
