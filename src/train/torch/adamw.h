#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "train/settings.h"
#include "train/torch/engine.h"
#include "train/torch/kernels/adamw.h"

namespace edgetran::train::torch_engine {

/// A parameter and its moments, float32 and dense.
struct AdamWTensors {
  at::Tensor weight, first, second;
};

/// One step of one parameter: by the kernel on the CPU, and composed of ATen for other devices.
void fused_adamw(const kernels::AdamWStep& step, const at::Tensor& gradient,
                 const AdamWTensors& tensors);
void composed_adamw(const kernels::AdamWStep& step, const at::Tensor& gradient,
                    const AdamWTensors& tensors);

/// AdamW (Loshchilov and Hutter, ICLR 2019) with clipping by the global norm, in one pass over
/// weights, gradients and moments. Biases and norms are not decayed. Its whole state is the two
/// moments and the number of steps, so a restored one goes on bit for bit.
class AdamW {
 public:
  /// float32 leaf tensors in ParameterId order.
  AdamW(const graph::Graph& graph, std::vector<at::Tensor> parameters,
        const TrainSettings& settings);

  /// Multiplies the learning rate of each parameter by its factor from here on.
  void set_rate_factors(std::vector<double> factors);

  /// Updates the parameters by their gradients, drops those, and returns the global norm before
  /// clipping. Where that is not finite nothing is updated. Parameters without gradient stay.
  double step(double learning_rate);

  std::span<const at::Tensor> parameters() const { return parameters_; }
  std::span<const at::Tensor> first_moments() const { return first_; }
  std::span<const at::Tensor> second_moments() const { return second_; }
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  double gradient_norm() const;
  TrainSettings settings_;
  std::vector<at::Tensor> parameters_, first_, second_;
  std::vector<bool> decays_;
  std::vector<double> rate_factors_;
  int64_t steps_ = 0;
};

}  // namespace edgetran::train::torch_engine
