#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace edgetran::device {

/// Operators that a board computes alike.
enum class OperatorClass : uint8_t {
  kMatrix,       ///< linear maps
  kAttention,    ///< products of queries, keys and values with their softmax
  kSpectral,     ///< Fourier and cosine transforms as matrix products
  kConvolution,  ///< depthwise and dynamic convolutions
  kPointwise,    ///< additions, norms, activations
  kMove,         ///< look-ups and changes of layout: bytes only
};
inline constexpr size_t kOperatorClasses = 6;
/// "matrix", "attention", "spectral", "convolution", "pointwise", "move".
std::string_view operator_class_name(OperatorClass operators);

/// What the operators of one class cost together.
struct OperatorCost {
  OperatorClass operators = OperatorClass::kMatrix;
  int64_t flops = 0;
  int64_t bytes_moved = 0;  ///< fp32
};

/// What running a model once costs, at the deployment's batch and length.
struct CostSummary {
  int64_t flops = 0;
  int64_t bytes_moved = 0;            ///< fp32
  int64_t nodes = 0;                  ///< operators launched
  int64_t peak_activation_bytes = 0;  ///< fp32
  /// fp32 bytes that one inference touches and the next one touches again: the parameters that it
  /// reads, of tables only the rows, and the activations at their peak. 0: not known.
  int64_t working_set_bytes = 0;
  /// The same work by class; the sums are flops and bytes_moved. Empty: all is kMatrix.
  std::vector<OperatorCost> operators{};
};

/// Counted from the graph (graph/cost.h). Dropout is not launched.
CostSummary count_cost(const graph::Graph& graph, const graph::Sizes& sizes);

}  // namespace edgetran::device
