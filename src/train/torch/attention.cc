#include "train/torch/attention.h"

#include <cmath>
#include <limits>
#include <optional>

#include "base/result.h"
#include "train/torch/dropout.h"
#include "train/torch/fused.h"

namespace edgetran::train::torch_engine {

at::Tensor relative_scores(const at::Tensor& query, const at::Tensor& relative) {
  const int64_t length = query.size(2);
  const int64_t positions = (relative.size(0) + 1) / 2;
  EDGETRAN_CHECK(length <= positions, "the relative table covers the length");
  const int64_t offsets = 2 * length - 1;
  // Row j of `table` is offset length - 1 - j, so that P[t, r] = all[t, length - 1 - t + r]: read
  // row-major that is index (length - 1) + t (offsets - 1) + r, a shifted view and no gather.
  const at::Tensor table = relative.narrow(0, positions - length, offsets).flip(0);
  at::Tensor all = at::matmul(query, table.t());
  if (length == 1) return all;
  return all.flatten(2)
      .narrow(2, length - 1, length * (offsets - 1))
      .unflatten(2, {length, offsets - 1})
      .narrow(3, 0, length);
}

at::Tensor attention(const AttentionOperands& operands, const AttentionDropout& drop) {
  if (has_kernels(operands.query)) return fused_attention(operands, drop);
  return composed_attention(operands, drop);
}

at::Tensor composed_attention(const AttentionOperands& operands, const AttentionDropout& drop) {
  at::Tensor mask;  // [batch, 1, 1, length], true where a key is valid
  if (operands.mask.defined()) mask = operands.mask.to(at::kBool).unsqueeze(1).unsqueeze(1);
  if (!operands.relative.defined() && drop.share == 0) {
    const auto valid = mask.defined() ? std::make_optional(mask) : std::nullopt;
    return at::scaled_dot_product_attention(operands.query, operands.key, operands.value, valid);
  }
  const double scale = 1 / std::sqrt(static_cast<double>(operands.query.size(-1)));
  const at::Tensor query = operands.query * scale;
  at::Tensor scores = at::matmul(query, operands.key.transpose(-1, -2));
  if (operands.relative.defined()) scores = scores + relative_scores(query, operands.relative);
  if (mask.defined()) {
    scores = scores.masked_fill(mask.logical_not(), -std::numeric_limits<double>::infinity());
  }
  const at::Tensor probabilities = keyed_dropout(at::softmax(scores, -1), drop.share, drop.key);
  return at::matmul(probabilities, operands.value);
}

}  // namespace edgetran::train::torch_engine
