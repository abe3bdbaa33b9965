#include "weights/distance.h"

#include <algorithm>
#include <map>
#include <set>

#include "encoder/encoder.h"

namespace edgetran::weights {
namespace {

using graph::Axis;
using graph::AxisId;
using graph::Graph;
using graph::Parameter;

// A graph with its axes of the residual stream: those that a norm runs along. They bear different
// names where models project at different places, and still are the one stream of features.
struct Side {
  explicit Side(const Graph& g) : graph(g) {
    for (const Parameter& parameter : g.parameters())
      if (parameter.role == graph::ParameterRole::kNormWeight) residual.insert(parameter.shape[0]);
  }
  const Graph& graph;
  std::set<AxisId> residual;
};

// Of a composite axis, the shared blocks of each group of heads times their shared width. Groups
// are known by the name of their block axis, which holds layer and head type.
int64_t shared_of_parts(const Side& a, const Axis& axis_a, const Side& b, const Axis& axis_b) {
  int64_t shared = 0;
  for (const graph::AxisPart& part_a : axis_a.parts) {
    const Axis& blocks_a = a.graph.axis(part_a.blocks);
    for (const graph::AxisPart& part_b : axis_b.parts) {
      const Axis& blocks_b = b.graph.axis(part_b.blocks);
      if (blocks_a.name != blocks_b.name) continue;
      shared += std::min(blocks_a.size, blocks_b.size) *
                std::min(a.graph.axis(part_a.width).size, b.graph.axis(part_b.width).size);
    }
  }
  return shared;
}

// Indices that two axes have in common; none where they are different things, such as the last
// matrix of a short feed-forward stack and the middle one of a longer.
int64_t shared_indices(const Side& a, AxisId id_a, const Side& b, AxisId id_b) {
  const Axis& axis_a = a.graph.axis(id_a);
  const Axis& axis_b = b.graph.axis(id_b);
  const bool both_residual = a.residual.contains(id_a) && b.residual.contains(id_b);
  if (axis_a.name != axis_b.name && !both_residual) return 0;
  if (!axis_a.parts.empty() && !axis_b.parts.empty()) return shared_of_parts(a, axis_a, b, axis_b);
  return std::min(axis_a.size, axis_b.size);
}

int64_t shared_elements(const Side& a, const Parameter& parameter_a, const Side& b,
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
  const Side source_side(source), target_side(target);
  std::map<std::string_view, const Parameter*> targets;
  for (const Parameter& parameter : target.parameters())
    targets.emplace(parameter.name, &parameter);
  std::vector<ParameterCoverage> rows;
  for (const Parameter& parameter : source.parameters()) {
    ParameterCoverage row{.name = parameter.name, .source = source.element_count(parameter)};
    if (const auto found = targets.find(parameter.name); found != targets.end()) {
      row.target = target.element_count(*found->second);
      row.matched = shared_elements(source_side, parameter, target_side, *found->second);
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
