#include "weights/distance.h"

#include <algorithm>
#include <map>

#include "encoder/encoder.h"
#include "weights/axis_match.h"

namespace edgetran::weights {

using graph::Graph;
using graph::Parameter;

std::vector<ParameterCoverage> coverage(const Graph& source, const Graph& target) {
  // How much is shared does not depend on the mode.
  AxisMatch match(source, target);
  std::map<std::string_view, const Parameter*> targets;
  for (const Parameter& parameter : target.parameters())
    targets.emplace(parameter.name, &parameter);
  std::vector<ParameterCoverage> rows;
  for (const Parameter& parameter : source.parameters()) {
    ParameterCoverage row{.name = parameter.name, .source = source.element_count(parameter)};
    if (const auto found = targets.find(parameter.name); found != targets.end()) {
      row.target = target.element_count(*found->second);
      row.matched = shared_elements(match.find(parameter, *found->second));
      targets.erase(found);
    }
    rows.push_back(std::move(row));
  }
  for (const Parameter& parameter : target.parameters())
    if (targets.contains(parameter.name))
      rows.push_back({.name = parameter.name, .target = target.element_count(parameter)});
  return rows;
}

double coverage_distance(const std::vector<ParameterCoverage>& rows) {
  int64_t source = 0, target = 0, matched = 0;
  for (const ParameterCoverage& row : rows) {
    source += row.source;
    target += row.target;
    matched += row.matched;
  }
  const int64_t larger = std::max(source, target);
  return static_cast<double>(larger - matched) / static_cast<double>(larger);
}

double graph_distance(const Graph& a, const Graph& b) { return coverage_distance(coverage(a, b)); }

base::Result<double> spec_distance(const space::ModelSpec& a, const space::ModelSpec& b) {
  EDGETRAN_ASSIGN(const Graph graph_a, encoder::build_encoder(a, {}));
  EDGETRAN_ASSIGN(const Graph graph_b, encoder::build_encoder(b, {}));
  return graph_distance(graph_a, graph_b);
}

}  // namespace edgetran::weights
