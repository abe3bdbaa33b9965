// Compares a function with kernels of its own with its composition of ATen in double precision.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "train/torch/engine.h"
#include "train/torch/kernels/adamw.h"

namespace edgetran::train::torch_engine {

using Tensors = std::vector<at::Tensor>;

/// A step of AdamW in which every factor counts.
inline constexpr kernels::AdamWStep kAdamWStep{.beta1 = 0.9F,
                                               .beta2 = 0.99F,
                                               .step_size = 0.01F,
                                               .root_scale = 1.5F,
                                               .epsilon = 1e-6F,
                                               .keep = 0.999F,
                                               .gradient_scale = 0.7F};

inline at::Tensor random_values(at::IntArrayRef shape, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator, at::kDouble);
}

/// Largest difference over the largest expected value.
inline double difference(const at::Tensor& actual, const at::Tensor& expected) {
  const double scale = expected.abs().max().item<double>();
  return (actual.to(at::kDouble) - expected).abs().max().item<double>() / std::max(scale, 1e-3);
}

/// Outputs and gradients of run() at these operands (undefined ones stay so), as float64.
struct Results {
  at::Tensor output;
  Tensors gradients;
};
using Function = std::function<at::Tensor(const Tensors&)>;

inline Results evaluate(const Function& run, const Tensors& operands) {
  Tensors leaves;
  Tensors passed;
  for (const at::Tensor& operand : operands) {
    at::Tensor leaf;
    if (operand.defined()) leaf = operand.detach().clone().set_requires_grad(true);
    leaves.push_back(leaf);
    // The kernels use up what they are given: never a leaf.
    passed.push_back(leaf.defined() ? leaf * 1.0 : leaf);
  }
  Results results;
  results.output = run(passed);
  const at::Tensor direction =
      random_values(results.output.sizes(), 77).to(results.output.scalar_type());
  (results.output * direction).sum().backward();
  for (const at::Tensor& leaf : leaves)
    results.gradients.push_back(leaf.defined() ? leaf.grad() : at::Tensor());
  return results;
}

/// Output and gradients of run() in float32 and bfloat16 beside those in float64, where it is
/// composed of ATen. `narrow` are the operands that have the lower precision.
inline void expect_equal(const Function& run, const Tensors& operands,
                         const std::vector<bool>& narrow, const std::string& what) {
  struct Type {
    at::ScalarType type;
    double tolerance;
  };
  for (const auto& [type, tolerance] : {Type{at::kFloat, 2e-5}, Type{at::kBFloat16, 4e-2}}) {
    Tensors rounded;
    Tensors exact;
    for (size_t i = 0; i < operands.size(); ++i) {
      rounded.push_back(operands[i].defined() ? operands[i].to(narrow[i] ? type : at::kFloat)
                                              : at::Tensor());
      exact.push_back(rounded[i].defined() ? rounded[i].to(at::kDouble) : at::Tensor());
    }
    const Results actual = evaluate(run, rounded);
    const Results expected = evaluate(run, exact);
    EXPECT_EQ(actual.output.scalar_type(), type) << what;
    EXPECT_LT(difference(actual.output, expected.output), tolerance) << what << " " << type;
    for (size_t i = 0; i < operands.size(); ++i) {
      if (!operands[i].defined()) continue;
      EXPECT_LT(difference(actual.gradients[i], expected.gradients[i]), tolerance)
          << what << " " << type << ", gradient " << i;
    }
  }
}

}  // namespace edgetran::train::torch_engine
