// The attention kernel as a function of autograd.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/result.h"
#include "train/torch/fused.h"
#include "train/torch/kernels/attention.h"

namespace edgetran::train::torch_engine {
namespace {

using kernels::Bf16;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What forward and backward pass know of each head; tensors are [batch, heads, length, width] with
/// dense features.
struct Operands {
  at::Tensor q, k, v, relative;
  std::vector<int64_t> valid;  ///< by row of the batch
  double share = 0;
  uint64_t key = 0;
  int64_t batch() const { return q.size(0); }
  int64_t heads() const { return q.size(1); }
  int64_t length() const { return q.size(2); }
  int64_t width() const { return q.size(3); }
};

at::Tensor dense_features(const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); }

/// [batch, heads, length, width] that lies in memory as [batch, length, heads, width].
at::Tensor empty_rows(const at::Tensor& like) {
  return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options())
      .transpose(1, 2);
}

template <class Element, class Pointer>
kernels::HeadRows<Pointer> rows_of(const at::Tensor& x, int64_t row, int64_t head) {
  auto* data = static_cast<Element*>(x.data_ptr());
  return {data + row * x.stride(0) + head * x.stride(1), x.stride(2)};
}

template <class Element>
kernels::AttentionHead<Element> head_of(const Operands& o, int64_t row, int64_t head) {
  kernels::AttentionHead<Element> result;
  result.length = o.length();
  result.valid = o.valid[static_cast<size_t>(row)];
  result.width = o.width();
  result.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(o.width())));
  result.q = rows_of<Element, const Element>(o.q, row, head);
  result.k = rows_of<Element, const Element>(o.k, row, head);
  result.v = rows_of<Element, const Element>(o.v, row, head);
  if (o.relative.defined()) {
    result.relative = {static_cast<const Element*>(o.relative.const_data_ptr()), o.width()};
    result.positions = (o.relative.size(0) + 1) / 2;
  }
  result.dropout = {o.key, o.share};
  result.first_element = static_cast<uint64_t>((row * o.heads() + head) * o.length() * o.length());
  return result;
}

template <class Element>
void run_forward(const Operands& o, const at::Tensor& out, const at::Tensor& logsum) {
  auto* logsums = logsum.mutable_data_ptr<float>();
  at::parallel_for(0, o.batch() * o.heads(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i / o.heads();
      const int64_t head = i % o.heads();
      kernels::AttentionForward<Element> pass{head_of<Element>(o, row, head), {}, nullptr};
      pass.out = rows_of<Element, Element>(out, row, head);
      pass.logsum = logsums + i * o.length();
      kernels::attention(pass);
    }
  });
}

struct Gradients {
  at::Tensor dout, dq, dk, dv;
  at::Tensor drelative;  ///< [heads, 2 positions − 1, width] float32, or undefined
};

/// Threads take whole heads where the table's gradient is summed, so that its order is fixed.
template <class Element>
void run_backward(const Operands& o, const at::Tensor& logsum, const Gradients& g) {
  const auto* logsums = logsum.const_data_ptr<float>();
  const auto run = [&](int64_t row, int64_t head) {
    kernels::AttentionBackward<Element> pass{
        head_of<Element>(o, row, head), nullptr, {}, {}, {}, {}, nullptr};
    pass.logsum = logsums + (row * o.heads() + head) * o.length();
    pass.dout = rows_of<Element, const Element>(g.dout, row, head);
    pass.dq = rows_of<Element, Element>(g.dq, row, head);
    pass.dk = rows_of<Element, Element>(g.dk, row, head);
    pass.dv = rows_of<Element, Element>(g.dv, row, head);
    if (g.drelative.defined())
      pass.drelative = g.drelative.mutable_data_ptr<float>() + head * g.drelative.stride(0);
    kernels::attention(pass);
  };
  if (g.drelative.defined()) {
    at::parallel_for(0, o.heads(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t head = begin; head < end; ++head)
        for (int64_t row = 0; row < o.batch(); ++row) run(row, head);
    });
    return;
  }
  at::parallel_for(0, o.batch() * o.heads(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) run(i / o.heads(), i % o.heads());
  });
}

class AttentionFunction : public torch::autograd::Function<AttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, const std::optional<at::Tensor>& table,
                            const std::vector<int64_t>& valid, double share, int64_t key) {
    const Operands o{dense_features(q),
                     dense_features(k),
                     dense_features(v),
                     table ? table->contiguous() : at::Tensor(),
                     valid,
                     share,
                     static_cast<uint64_t>(key)};
    at::Tensor out = empty_rows(q);
    const at::Tensor logsum = at::empty({o.batch(), o.heads(), o.length()}, at::kFloat);
    if (q.scalar_type() == at::kBFloat16)
      run_forward<Bf16>(o, out, logsum);
    else
      run_forward<float>(o, out, logsum);
    context->save_for_backward({o.q, o.k, o.v, o.relative, logsum});
    context->saved_data["valid"] = valid;
    context->saved_data["share"] = share;
    context->saved_data["key"] = key;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Operands o{saved[0],
                     saved[1],
                     saved[2],
                     saved[3],
                     context->saved_data["valid"].toIntVector(),
                     context->saved_data["share"].toDouble(),
                     static_cast<uint64_t>(context->saved_data["key"].toInt())};
    Gradients g;
    g.dout = dense_features(gradients[0]);
    g.dq = empty_rows(o.q);
    g.dk = empty_rows(o.k);
    g.dv = empty_rows(o.v);
    if (o.relative.defined())
      g.drelative = at::zeros({o.heads(), o.relative.size(0), o.width()}, at::kFloat);
    if (o.q.scalar_type() == at::kBFloat16)
      run_backward<Bf16>(o, saved[4], g);
    else
      run_backward<float>(o, saved[4], g);
    const at::Tensor drelative =
        o.relative.defined() ? g.drelative.sum(0).to(o.relative.scalar_type()) : at::Tensor();
    return {g.dq, g.dk, g.dv, drelative, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor fused_attention(const AttentionOperands& operands, const AttentionDropout& dropout) {
  const int64_t length = operands.query.size(2);
  std::vector<int64_t> valid(static_cast<size_t>(operands.query.size(0)), length);
  if (operands.mask.defined()) {
    const at::Tensor counts = operands.mask.sum(1);
    std::copy_n(counts.const_data_ptr<int64_t>(), valid.size(), valid.begin());
  }
  return AttentionFunction::apply(operands.query, operands.key, operands.value,
                                  optional(operands.relative), valid, dropout.share,
                                  static_cast<int64_t>(dropout.key));
}

}  // namespace edgetran::train::torch_engine
