#pragma once

#include <set>

#include "graph/graph.h"
#include "weights/axis_match.h"
#include "weights/weights.h"

namespace edgetran::weights {

/// Feed-forward stacks that are deeper in `target`: because gelu(a) - gelu(-a) = a, the new maps
/// can hand on what the source's last map gave as pairs of opposite features. Where every new size
/// is at least twice the width of the residual stream, sets them so and the stack computes what it
/// did; returns the parameters that were set. Where a size is smaller, the stack is left as it is.
/// `source_weights`: of the source; `weights`: of the target, taken over already.
std::set<graph::ParameterId> deepen_stacks(const graph::Graph& source,
                                           const Weights& source_weights,
                                           const graph::Graph& target, AxisMatch& match,
                                           Weights& weights);

}  // namespace edgetran::weights
