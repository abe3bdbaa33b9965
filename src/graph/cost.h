#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace edgetran::graph {

/// Counted work of a node or of a graph (encoder.md, section 4, "Counting"; fp32).
struct Cost {
  int64_t parameters = 0;   ///< elements of the parameters that it reads
  int64_t flops = 0;        ///< 2 a multiply-add, 1 an element-wise operation and output element
  int64_t bytes_moved = 0;  ///< inputs, parameters and outputs once
};

struct GraphCost {
  Cost total;                         ///< parameters counted once each even where they are tied
  int64_t peak_activation_bytes = 0;  ///< largest sum of live tensors, inputs in, parameters out
  Cost outside_layers;                ///< embeddings, pooler, heads
  std::vector<Cost> layers;
};

Cost count_node(const Graph& graph, const Node& node, const Sizes& sizes);
GraphCost count_graph(const Graph& graph, const Sizes& sizes);

}  // namespace edgetran::graph
