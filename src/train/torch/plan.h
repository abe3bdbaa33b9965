#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace edgetran::train::torch_engine {

/// What runs as one: a node, or a few nodes whose values nobody else reads.
enum class StepKind : uint8_t {
  kNode,
  kLinearGelu,    ///< linear, gelu. Operands: x, weight, bias
  kResidualNorm,  ///< linear, dropout, add, layer_norm. Operands: x, linear's x, its weight and
                  ///< bias, the norm's weight and bias
};

struct Step {
  StepKind kind = StepKind::kNode;
  int32_t node = 0;                      ///< the node whose output the step makes
  int32_t dropout = graph::kNone;        ///< kResidualNorm: the dropout's node
  bool table_is_shared = false;          ///< an embedding whose table another node reads too
  std::vector<graph::ValueId> operands;  ///< kNone: the linear map has no bias
  std::vector<graph::ValueId> expire;    ///< values that nobody reads after this step
};

/// The steps that these outputs need, in order.
std::vector<Step> plan_steps(const graph::Graph& graph, std::span<const graph::ValueId> outputs);

}  // namespace edgetran::train::torch_engine
