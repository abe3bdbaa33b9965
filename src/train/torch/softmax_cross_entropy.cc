#include "train/torch/softmax_cross_entropy.h"

#include <vector>

#include "base/result.h"
#include "train/torch/kernels/cross_entropy.h"

namespace edgetran::train::torch_engine {
namespace {

/// The gradient of the mean over rows takes the place of the logits, row by row.
template <class Element>
void consume_rows(const at::Tensor& logits, const int64_t* targets, std::vector<double>& losses) {
  auto* data = static_cast<Element*>(logits.mutable_data_ptr());
  const int64_t classes = logits.size(1);
  const double share = 1.0 / static_cast<double>(logits.size(0));
  at::parallel_for(0, logits.size(0), 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(classes));
    for (int64_t row = begin; row < end; ++row)
      losses[static_cast<size_t>(row)] =
          kernels::consume_row(data + row * classes, classes, targets[row], share, scratch.data());
  });
}

class CrossEntropyFunction : public torch::autograd::Function<CrossEntropyFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits,
                            const at::Tensor& targets) {
    const at::Tensor gradient = logits.detach().contiguous();
    std::vector<double> losses(static_cast<size_t>(gradient.size(0)));
    if (gradient.scalar_type() == at::kBFloat16)
      consume_rows<kernels::Bf16>(gradient, targets.const_data_ptr<int64_t>(), losses);
    else
      consume_rows<float>(gradient, targets.const_data_ptr<int64_t>(), losses);
    double sum = 0;
    for (const double loss : losses) sum += loss;
    context->saved_data["gradient"] = gradient;
    return at::scalar_tensor(sum / static_cast<double>(losses.size()), at::kFloat);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    at::Tensor gradient = context->saved_data["gradient"].toTensor();
    if (const auto factor = gradients[0].item<double>(); factor != 1) gradient.mul_(factor);
    return {gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor softmax_cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  EDGETRAN_CHECK(logits.dim() == 2 && targets.sizes() == logits.sizes().slice(0, 1),
                 "logits [rows, classes] and targets [rows]");
  if (logits.scalar_type() == at::kDouble) return at::cross_entropy_loss(logits, targets);
  return CrossEntropyFunction::apply(logits, targets);
}

}  // namespace edgetran::train::torch_engine
