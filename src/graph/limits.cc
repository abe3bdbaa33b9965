#include "graph/limits.h"

#include <fmt/core.h>

#include <algorithm>

namespace edgetran::graph {
namespace {

/// Length that this node can serve; nullopt where it serves any.
std::optional<int64_t> node_limit(const Graph& graph, const Node& node) {
  const auto rows = [&](size_t operand) {
    return graph.axis(graph.value(node.inputs[operand]).shape[0]).size;
  };
  if (node.op == Op::kPositionRows) return rows(0);
  if (node.op == Op::kAttention && node.attributes.has_relative) return (rows(3) + 1) / 2;
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> maximum_length(const Graph& graph) {
  std::optional<int64_t> result;
  for (const Node& node : graph.nodes())
    if (const auto limit = node_limit(graph, node))
      result = std::min(result.value_or(*limit), *limit);
  return result;
}

base::Status check_sizes(const Graph& graph, const Sizes& sizes) {
  using base::ErrorCategory;
  if (sizes.batch < 1)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("batch is {}; it must be at least 1", sizes.batch));
  if (sizes.length < 1)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("length is {}; it must be at least 1", sizes.length));
  if (sizes.selected < 0)
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("{} selected positions; there cannot be fewer than 0", sizes.selected));
  const auto limit = maximum_length(graph);
  if (limit && sizes.length > *limit)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("length is {}; the model has {} positions", sizes.length, *limit),
                      "use a shorter length, or a spec with more positions");
  return {};
}

}  // namespace edgetran::graph
