#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "weights/axis_match.h"
#include "weights/distance.h"
#include "weights/weights.h"

namespace edgetran::weights {

/// Of weights that were taken over from `source`, makes what is new neutral where that is possible
/// (transfer.h) and returns what stays different, a sentence each. `rows`: the coverage of the
/// transfer; a norm that moves, moves there too.
std::vector<std::string> preserve_function(const graph::Graph& source,
                                           const Weights& source_weights,
                                           const graph::Graph& target, AxisMatch& match,
                                           Weights& weights, std::vector<ParameterCoverage>& rows);

}  // namespace edgetran::weights
