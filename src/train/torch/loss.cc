#include "train/torch/loss.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/result.h"
#include "train/torch/vectorize.h"

namespace edgetran::train::torch_engine {
namespace {

// Partial sums of a row, in an order that does not depend on the vector width.
constexpr int64_t kLanes = 16;

/// exp of x <= 0 to 2e-7 relative; 0 below -87. 2^(n + f) with a polynomial (Taylor of 2^f around
/// 0, |f| <= 0.5, six terms) for 2^f and n put into the exponent bits.
inline float fast_exp(float x) {
  const float scaled = std::max(x, -87.0F) * 1.44269504F;
  const auto whole = static_cast<int32_t>(scaled - 0.5F);  // truncation towards zero, scaled <= 0
  const float f = (scaled - static_cast<float>(whole)) * 0.69314718F;
  const float p =
      1 + f * (1 + f * (0.5F + f * (0.16666667F +
                                    f * (0.041666667F + f * (0.0083333333F + f * 0.0013888889F)))));
  return p * std::bit_cast<float>((whole + 127) << 23);
}

/// Row [classes] of logits into exp(logit - largest); returns the sum. `largest` is the row's.
EDGETRAN_VECTORIZE float exponentials(float* row, int64_t classes, float largest) {
  float lanes[kLanes] = {};
  const int64_t whole = classes - classes % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) {
      const float value = fast_exp(row[i + j] - largest);
      row[i + j] = value;
      lanes[j] += value;
    }
  }
  float sum = 0;
  for (int64_t i = whole; i < classes; ++i) sum += row[i] = fast_exp(row[i] - largest);
  for (const float lane : lanes) sum += lane;
  return sum;
}

EDGETRAN_VECTORIZE float largest_of(const float* row, int64_t classes) {
  float lanes[kLanes];
  std::fill(std::begin(lanes), std::end(lanes), row[0]);
  const int64_t whole = classes - classes % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) lanes[j] = row[i + j] > lanes[j] ? row[i + j] : lanes[j];
  }
  float largest = lanes[0];
  for (const float lane : lanes) largest = std::max(largest, lane);
  for (int64_t i = whole; i < classes; ++i) largest = std::max(largest, row[i]);
  return largest;
}

EDGETRAN_VECTORIZE void scale_row(float* row, int64_t classes, float factor) {
  for (int64_t i = 0; i < classes; ++i) row[i] *= factor;
}

/// Turns a row of logits into the gradient of its loss over `rows`; returns the loss.
double consume_row(float* row, int64_t classes, int64_t target, int64_t rows) {
  const float largest = largest_of(row, classes);
  const double score = static_cast<double>(row[target]) - largest;
  const float sum = exponentials(row, classes, largest);
  const double share = 1.0 / static_cast<double>(rows);
  scale_row(row, classes, static_cast<float>(share / sum));
  row[target] -= static_cast<float>(share);
  return std::isfinite(sum) ? std::log(static_cast<double>(sum)) - score : NAN;
}

/// float32 [rows, classes] that may be overwritten: the logits' own memory where they are float32.
at::Tensor consumable(const at::Tensor& logits) {
  return logits.scalar_type() == at::kFloat ? logits.contiguous() : logits.to(at::kFloat);
}

class CrossEntropyFunction : public torch::autograd::Function<CrossEntropyFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits,
                            const at::Tensor& targets) {
    at::Tensor gradient = consumable(logits.detach());
    const int64_t rows = gradient.size(0);
    const int64_t classes = gradient.size(1);
    auto* data = static_cast<float*>(gradient.mutable_data_ptr());
    const auto* target = targets.const_data_ptr<int64_t>();
    std::vector<double> losses(static_cast<size_t>(rows));
    at::parallel_for(0, rows, 1, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        losses[static_cast<size_t>(row)] =
            consume_row(data + row * classes, classes, target[row], rows);
      }
    });
    double sum = 0;
    for (const double loss : losses) sum += loss;
    context->saved_data["gradient"] = gradient;
    context->saved_data["type"] = static_cast<int64_t>(logits.scalar_type());
    return at::scalar_tensor(sum / static_cast<double>(rows), at::kFloat);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    at::Tensor gradient = context->saved_data["gradient"].toTensor();
    const auto type = static_cast<at::ScalarType>(context->saved_data["type"].toInt());
    if (const auto factor = gradients[0].item<double>(); factor != 1) gradient.mul_(factor);
    return {gradient.to(type), at::Tensor()};
  }
};

}  // namespace

at::Tensor softmax_cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  EDGETRAN_CHECK(logits.dim() == 2 && targets.sizes() == logits.sizes().slice(0, 1),
                 "logits [rows, classes] and targets [rows]");
  if (logits.scalar_type() == at::kDouble) return at::cross_entropy_loss(logits, targets);
  return CrossEntropyFunction::apply(logits, targets);
}

at::Tensor squared_error(const at::Tensor& predictions, const at::Tensor& targets) {
  return at::mse_loss(predictions.flatten().to(targets.scalar_type()), targets);
}

}  // namespace edgetran::train::torch_engine
