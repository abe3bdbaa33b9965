#include "train/torch/adamw.h"

#include <algorithm>
#include <cmath>

#include "base/result.h"
#include "train/torch/kernels/adamw.h"

namespace edgetran::train::torch_engine {
namespace {

// Elements of one unit of work; partial sums of the norm are added in the order of the chunks, so
// it does not depend on the number of threads.
constexpr int64_t kChunk = int64_t{1} << 15;
template <class Work>
void for_chunks(int64_t elements, const Work& work) {
  const int64_t chunks = (elements + kChunk - 1) / kChunk;
  at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      work(chunk, chunk * kChunk, std::min(kChunk, elements - chunk * kChunk));
    }
  });
}

bool role_decays(graph::ParameterRole role) {
  return role != graph::ParameterRole::kBias && role != graph::ParameterRole::kNormWeight;
}

}  // namespace

AdamW::AdamW(const graph::Graph& graph, std::vector<at::Tensor> parameters,
             const TrainSettings& settings)
    : settings_(settings), parameters_(std::move(parameters)) {
  EDGETRAN_CHECK(parameters_.size() == graph.parameters().size(), "one tensor a parameter");
  for (size_t i = 0; i < parameters_.size(); ++i) {
    EDGETRAN_CHECK(parameters_[i].is_contiguous(), "parameters are dense");
    first_.push_back(at::zeros_like(parameters_[i].detach()));
    second_.push_back(at::zeros_like(parameters_[i].detach()));
    decays_.push_back(role_decays(graph.parameters()[i].role));
    rate_factors_.push_back(1);
  }
}

void AdamW::set_rate_factors(std::vector<double> factors) {
  EDGETRAN_CHECK(factors.size() == parameters_.size(), "one factor a parameter");
  rate_factors_ = std::move(factors);
}

void composed_adamw(const kernels::AdamWStep& step, const at::Tensor& gradient,
                    const AdamWTensors& tensors) {
  const at::NoGradGuard no_gradients;
  const at::Tensor g = gradient * step.gradient_scale;
  tensors.first.mul_(step.beta1).add_(g, 1 - step.beta1);
  tensors.second.mul_(step.beta2).addcmul_(g, g, 1 - step.beta2);
  const at::Tensor root = tensors.second.sqrt().mul_(step.root_scale).add_(step.epsilon);
  tensors.weight.mul_(step.keep).addcdiv_(tensors.first, root, -step.step_size);
}

void fused_adamw(const kernels::AdamWStep& step, const at::Tensor& gradient,
                 const AdamWTensors& tensors) {
  auto* weight = tensors.weight.mutable_data_ptr<float>();
  auto* first = tensors.first.mutable_data_ptr<float>();
  auto* second = tensors.second.mutable_data_ptr<float>();
  const auto* slope = gradient.const_data_ptr<float>();
  for_chunks(tensors.weight.numel(), [&](int64_t, int64_t begin, int64_t size) {
    kernels::adamw(step, slope + begin, size, weight + begin, first + begin, second + begin);
  });
}

double AdamW::gradient_norm() const {
  double sum = 0;
  for (const at::Tensor& parameter : parameters_) {
    if (!parameter.grad().defined()) continue;
    const at::Tensor gradient = parameter.grad().contiguous();
    if (!gradient.is_cpu()) {
      sum += gradient.square().sum().item<double>();
      continue;
    }
    const int64_t elements = gradient.numel();
    std::vector<double> partial(static_cast<size_t>((elements + kChunk - 1) / kChunk));
    const auto* data = gradient.const_data_ptr<float>();
    for_chunks(elements, [&](int64_t chunk, int64_t begin, int64_t count) {
      partial[static_cast<size_t>(chunk)] = kernels::sum_of_squares(data + begin, count);
    });
    for (const double value : partial) sum += value;
  }
  return std::sqrt(sum);
}

double AdamW::step(double learning_rate) {
  const double norm = gradient_norm();
  if (!std::isfinite(norm)) return norm;
  ++steps_;
  const auto count = static_cast<double>(steps_);
  const bool clips = settings_.clip_norm > 0 && norm > settings_.clip_norm;
  kernels::AdamWStep update;
  update.beta1 = static_cast<float>(settings_.beta1);
  update.beta2 = static_cast<float>(settings_.beta2);
  const double bias_correction = 1 - std::pow(settings_.beta1, count);
  update.root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(settings_.beta2, count)));
  update.epsilon = static_cast<float>(settings_.epsilon);
  update.gradient_scale = clips ? static_cast<float>(settings_.clip_norm / norm) : 1.0F;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& parameter = parameters_[i];
    if (!parameter.grad().defined()) continue;
    const at::Tensor gradient = parameter.grad().contiguous();
    const double rate = learning_rate * rate_factors_[i];
    update.step_size = static_cast<float>(rate / bias_correction);
    update.keep = decays_[i] ? static_cast<float>(1 - rate * settings_.weight_decay) : 1.0F;
    const AdamWTensors tensors{parameter, first_[i], second_[i]};
    if (parameter.is_cpu())
      fused_adamw(update, gradient, tensors);
    else
      composed_adamw(update, gradient, tensors);
    parameter.mutable_grad().reset();
  }
  return norm;
}

}  // namespace edgetran::train::torch_engine
