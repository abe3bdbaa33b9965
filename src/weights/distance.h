#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "graph/graph.h"
#include "space/model_spec.h"

namespace edgetran::weights {

/// How much of a parameter two models share.
struct ParameterCoverage {
  std::string name;
  int64_t source = 0;   ///< elements in the first model; 0 where it lacks the parameter
  int64_t target = 0;   ///< elements in the second model
  int64_t matched = 0;  ///< elements that a transfer would copy
};

/// What a transfer of weights from `source` to `target` covers (transfer.h), in any of its modes; a
/// row a parameter of either, the source's first. Symmetric in `matched`.
std::vector<ParameterCoverage> coverage(const graph::Graph& source, const graph::Graph& target);

/// The share of the larger one's parameters that is not matched, in [0, 1].
double coverage_distance(const std::vector<ParameterCoverage>& rows);

/// coverage_distance of what a transfer between the two covers.
double graph_distance(const graph::Graph& a, const graph::Graph& b);

/// graph_distance of the encoders (with pooler, without task head). Symmetric; 0 for specs that
/// differ at most in the order of heads. A spec that cannot be built is the encoder's error.
base::Result<double> spec_distance(const space::ModelSpec& a, const space::ModelSpec& b);

}  // namespace edgetran::weights
