#include "encoder/parts.h"

#include "graph/file_tensor.h"

namespace edgetran::encoder {
namespace {

using graph::Initializer;
using graph::ParameterRole;

constexpr double kNormEpsilon = 1e-12;

graph::FileTensor filed(const std::string& name, const std::vector<int64_t>& dimensions, int axis,
                        const Blocks& blocks) {
  if (blocks.empty()) return graph::whole_tensor(name, dimensions);
  return {.name = name, .shape = dimensions, .axis = axis, .drops_axis = false, .blocks = blocks};
}

}  // namespace

graph::ValueId linear(graph::Builder& builder, const std::string& name, graph::ValueId x,
                      graph::AxisId out, const FiledOrder& order) {
  const graph::AxisId in = builder.last_axis(x);
  const int64_t rows = builder.axis_size(out);
  const bool by_columns = !order.columns.empty();
  const graph::ValueId weight =
      builder.parameter(name + ".weight", {out, in}, Initializer::kNormal, ParameterRole::kWeight,
                        {filed(name + ".weight", {rows, builder.axis_size(in)}, by_columns ? 1 : 0,
                               by_columns ? order.columns : order.rows)});
  const graph::ValueId bias =
      builder.parameter(name + ".bias", {out}, Initializer::kZeros, ParameterRole::kBias,
                        {filed(name + ".bias", {rows}, 0, order.rows)});
  return builder.linear(x, weight, bias);
}

graph::ValueId layer_norm(graph::Builder& builder, const std::string& name, graph::ValueId x) {
  const graph::AxisId width = builder.last_axis(x);
  const graph::ValueId weight =
      builder.parameter(name + ".weight", {width}, Initializer::kOnes, ParameterRole::kNormWeight);
  const graph::ValueId bias =
      builder.parameter(name + ".bias", {width}, Initializer::kZeros, ParameterRole::kBias);
  return builder.layer_norm(x, weight, bias, kNormEpsilon);
}

graph::ValueId add_and_norm(graph::Builder& builder, const std::string& name, graph::ValueId x,
                            graph::ValueId change) {
  return layer_norm(builder, name, builder.add(x, builder.dropout(change)));
}

}  // namespace edgetran::encoder
