#pragma once

#include <map>
#include <vector>

#include "graph/graph.h"
#include "weights/weights.h"

namespace edgetran::onnx {

/// Linear maps of a head's own that a deployed model need not compute, because they are multiplied
/// into the projection before the heads, or the one after:
///  - a head_linear of a projection's part (the mixing of sa_wma, the value map of c_k) goes into
///    that projection's rows;
///  - a spectral transform leaves its feature map in the value projection and its expansion in the
///    output projection (graph/spectrum.h), so that only products with position matrices remain.
/// Its rows are then [cosines of every head | sines of every head].
struct Folding {
  std::map<graph::ParameterId, weights::Tensor> parameters;  ///< instead of the stored ones
  std::vector<bool> folded;  ///< by node: nothing (head_linear), or only positions, is left to do
};

/// What can be folded: operators whose operand is a part of a projection that nobody else reads,
/// and parameters that are read once. `needed` by node, `reads` by value.
Folding fold_heads(const graph::Graph& graph, const weights::Weights& weights,
                   const std::vector<bool>& needed, const std::vector<int>& reads);

}  // namespace edgetran::onnx
