#include "weights/distance.h"

#include <algorithm>
#include <map>

#include "encoder/encoder.h"

namespace edgetran::weights {
namespace {

using graph::Axis;
using graph::AxisId;
using graph::Graph;
using graph::Parameter;

// Of a composite axis, the shared blocks of each group of heads times their shared width. Groups
// are known by the name of their block axis, which holds layer and head type.
int64_t shared_of_parts(const Graph& a, const Axis& axis_a, const Graph& b, const Axis& axis_b) {
  int64_t shared = 0;
  for (const graph::AxisPart& part_a : axis_a.parts) {
    const Axis& blocks_a = a.axis(part_a.blocks);
    for (const graph::AxisPart& part_b : axis_b.parts) {
      const Axis& blocks_b = b.axis(part_b.blocks);
      if (blocks_a.name != blocks_b.name) continue;
      shared += std::min(blocks_a.size, blocks_b.size) *
                std::min(a.axis(part_a.width).size, b.axis(part_b.width).size);
    }
  }
  return shared;
}

int64_t shared_indices(const Graph& a, AxisId id_a, const Graph& b, AxisId id_b) {
  const Axis& axis_a = a.axis(id_a);
  const Axis& axis_b = b.axis(id_b);
  if (!axis_a.parts.empty() && !axis_b.parts.empty()) return shared_of_parts(a, axis_a, b, axis_b);
  return std::min(axis_a.size, axis_b.size);
}

int64_t shared_elements(const Graph& a, const Parameter& parameter_a, const Graph& b,
                        const Parameter& parameter_b) {
  EDGETRAN_CHECK(parameter_a.shape.size() == parameter_b.shape.size(),
                 parameter_a.name + ": ranks differ");
  int64_t elements = 1;
  for (size_t i = 0; i < parameter_a.shape.size(); ++i)
    elements *= shared_indices(a, parameter_a.shape[i], b, parameter_b.shape[i]);
  return elements;
}

}  // namespace

std::vector<ParameterCoverage> coverage(const Graph& source, const Graph& target) {
  std::map<std::string_view, const Parameter*> targets;
  for (const Parameter& parameter : target.parameters())
    targets.emplace(parameter.name, &parameter);
  std::vector<ParameterCoverage> rows;
  for (const Parameter& parameter : source.parameters()) {
    ParameterCoverage row{.name = parameter.name, .source = source.element_count(parameter)};
    if (const auto found = targets.find(parameter.name); found != targets.end()) {
      row.target = target.element_count(*found->second);
      row.matched = shared_elements(source, parameter, target, *found->second);
      targets.erase(found);
    }
    rows.push_back(std::move(row));
  }
  for (const Parameter& parameter : target.parameters())
    if (targets.contains(parameter.name))
      rows.push_back({.name = parameter.name, .target = target.element_count(parameter)});
  return rows;
}

double graph_distance(const Graph& a, const Graph& b) {
  int64_t source = 0, target = 0, matched = 0;
  for (const ParameterCoverage& row : coverage(a, b)) {
    source += row.source;
    target += row.target;
    matched += row.matched;
  }
  const int64_t larger = std::max(source, target);
  return static_cast<double>(larger - matched) / static_cast<double>(larger);
}

base::Result<double> spec_distance(const space::ModelSpec& a, const space::ModelSpec& b) {
  EDGETRAN_ASSIGN(const Graph graph_a, encoder::build_encoder(a, {}));
  EDGETRAN_ASSIGN(const Graph graph_b, encoder::build_encoder(b, {}));
  return graph_distance(graph_a, graph_b);
}

}  // namespace edgetran::weights
