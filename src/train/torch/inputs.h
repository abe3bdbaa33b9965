#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/batching.h"
#include "graph/graph.h"
#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// A batch as the graph's inputs, in host memory. The mask is left undefined where no row is
/// padded; `selected` (flat positions) where the graph asks for selected_positions.
std::vector<at::Tensor> graph_inputs(const graph::Graph& graph, const data::Batch& batch,
                                     std::span<const int64_t> selected = {});

/// The inputs of `source` by name as those of `target`, in its order; undefined where `source` has
/// no such input.
std::vector<at::Tensor> inputs_for(const graph::Graph& target, const graph::Graph& source,
                                   std::span<const at::Tensor> inputs);

/// A tensor of its own with these values.
at::Tensor int64_tensor(std::span<const int32_t> values, at::IntArrayRef shape);
at::Tensor int64_tensor(std::span<const int64_t> values, at::IntArrayRef shape);

}  // namespace edgetran::train::torch_engine
