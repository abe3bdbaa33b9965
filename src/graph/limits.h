#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "graph/graph.h"

namespace edgetran::graph {

/// The longest sequence that the position tables of the graph reach; nullopt without any.
std::optional<int64_t> maximum_length(const Graph& graph);

/// A usage error unless batch and length are positive, selected is not negative and length is
/// within maximum_length. Readers of a graph call it once for each sizes that come from outside.
base::Status check_sizes(const Graph& graph, const Sizes& sizes);

}  // namespace edgetran::graph
