#include "train/torch/losses.h"

#include "train/torch/softmax_cross_entropy.h"

namespace edgetran::train::torch_engine {
namespace {

constexpr int64_t kIgnoreNone = -100;  // PyTorch's own; no target has it

}  // namespace

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets,
                         const CrossEntropyOptions& options) {
  const bool plain = !options.class_weights.defined() && options.smoothing == 0;
  if (plain && logits.is_cpu()) return softmax_cross_entropy(logits, targets);
  return at::cross_entropy_loss(logits.to(at::kFloat), targets, options.class_weights,
                                at::Reduction::Mean, kIgnoreNone, options.smoothing);
}

at::Tensor distillation_loss(const at::Tensor& student, const at::Tensor& teacher,
                             double temperature) {
  const at::Tensor soft = at::log_softmax(teacher.detach().to(at::kFloat) / temperature, -1);
  const at::Tensor own = at::log_softmax(student.to(at::kFloat) / temperature, -1);
  const at::Tensor sum = at::kl_div(own, soft, at::Reduction::Sum, /*log_target=*/true);
  return sum * (temperature * temperature / static_cast<double>(student.size(0)));
}

at::Tensor hidden_distance(const at::Tensor& student, const at::Tensor& teacher,
                           const at::Tensor& mask) {
  const at::Tensor squares =
      (student.to(at::kFloat) - teacher.detach().to(at::kFloat)).square().mean(-1);
  if (!mask.defined()) return squares.mean();
  const at::Tensor valid = mask.to(at::kFloat);
  return (squares * valid).sum() / valid.sum();
}

at::Tensor squared_error(const at::Tensor& predictions, const at::Tensor& targets) {
  return at::mse_loss(predictions.flatten().to(targets.scalar_type()), targets);
}

}  // namespace edgetran::train::torch_engine
