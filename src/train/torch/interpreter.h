#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "train/precision.h"
#include "train/torch/engine.h"
#include "train/torch/plan.h"
#include "weights/weights.h"

namespace edgetran::train::torch_engine {

/// How one pass runs.
struct PassOptions {
  bool training = false;  ///< dropout is active
  double dropout = 0;
  uint64_t dropout_key = 0;  ///< of (seed, step): equal keys drop equal elements
  Precision precision = Precision::kFp32;
};

/// Runs a graph step by step (plan.h), with ATen and, on the CPU, the fused kernels; autograd
/// records what it needs when parameters require gradients. Parameters may be float64 (tests). With
/// kBf16, linear layers and attention compute in bfloat16 and the activations between them stay in
/// it; norms accumulate in float32.
class Interpreter {
 public:
  /// Only what the named outputs need is computed. The graph outlives the interpreter.
  Interpreter(const graph::Graph& graph, const std::vector<std::string>& outputs);

  /// `inputs` in the order of graph.inputs(); an undefined attention_mask means that every position
  /// is valid. `parameters` in ParameterId order. Returns the outputs in the order asked for.
  std::vector<at::Tensor> run(std::span<const at::Tensor> inputs,
                              std::span<const at::Tensor> parameters,
                              const PassOptions& options) const;

 private:
  const graph::Graph* graph_;
  std::vector<graph::ValueId> outputs_;
  std::vector<Step> steps_;
};

/// Leaf tensors of the weights, float32.
std::vector<at::Tensor> to_tensors(const weights::Weights& weights, bool requires_grad);
/// The weights of leaf tensors, float32.
weights::Weights to_weights(const graph::Graph& graph, std::span<const at::Tensor> tensors);

}  // namespace edgetran::train::torch_engine
