#include "encoder/head_type.h"

#include <fmt/core.h>

#include <utility>

namespace edgetran::encoder {

graph::ValueId head_parameter(graph::Builder& builder, const HeadGroup& group,
                              const std::string& name, const graph::Shape& axes,
                              graph::Initializer initializer, graph::ParameterRole role) {
  graph::Shape stacked{group.heads};
  stacked.insert(stacked.end(), axes.begin(), axes.end());
  std::vector<int64_t> dimensions;
  dimensions.reserve(axes.size());
  for (const graph::AxisId axis : axes) dimensions.push_back(builder.axis_size(axis));
  std::vector<graph::FileTensor> files;
  files.reserve(group.listed.size());
  for (size_t i = 0; i < group.listed.size(); ++i)
    files.push_back({.name = fmt::format("{}.heads.{}.{}", group.layer, group.listed[i], name),
                     .shape = dimensions,
                     .axis = 0,
                     .drops_axis = true,
                     .blocks = {{0, static_cast<int64_t>(i), 1}}});
  return builder.parameter(fmt::format("{}.{}.{}", group.layer, group.type, name), stacked,
                           initializer, role, std::move(files));
}

}  // namespace edgetran::encoder
