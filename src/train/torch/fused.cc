// Kernels as functions of autograd: memory, threads and the order of sums are settled here.
#include "train/torch/fused.h"

#include <algorithm>
#include <optional>

#include "base/result.h"
#include "train/torch/dropout.h"
#include "train/torch/kernels/gelu.h"
#include "train/torch/kernels/residual_norm.h"

namespace edgetran::train::torch_engine {
namespace {

using kernels::Bf16;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows whose column sums are added up alone; the blocks' sums are then added in their order, so
// that a result does not depend on the number of threads.
constexpr int64_t kRowBlock = 256;

template <class Element>
Element* data_of(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<Element*>(tensor.data_ptr()) : nullptr;
}

/// Calls run(Element{}) for the tensor's type.
template <class Run>
void for_element(const at::Tensor& tensor, const Run& run) {
  if (tensor.scalar_type() == at::kBFloat16)
    run(Bf16{});
  else
    run(float{});
}

int64_t rows_of(const at::Tensor& tensor) { return tensor.numel() / tensor.size(-1); }

/// work(block, first row, rows) for every block.
template <class Work>
void for_blocks(int64_t rows, const Work& work) {
  const int64_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block)
      work(block, block * kRowBlock, std::min(kRowBlock, rows - block * kRowBlock));
  });
}

/// Column sums of each block: [blocks, width] of zeros.
at::Tensor partial_sums(int64_t rows, int64_t width) {
  return at::zeros({(rows + kRowBlock - 1) / kRowBlock, width}, at::kFloat);
}

class ResidualNormFunction : public torch::autograd::Function<ResidualNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& change,
                            const std::optional<at::Tensor>& optional_bias,
                            const at::Tensor& weight, const at::Tensor& norm_bias, double epsilon,
                            double share, int64_t key) {
    const at::Tensor bias = optional_bias.value_or(at::Tensor());
    const at::Tensor source = x.contiguous();
    const int64_t width = x.size(-1);
    at::Tensor y = at::empty_like(source);
    const at::Tensor mean = at::empty({rows_of(x)}, at::kFloat);
    const at::Tensor rstd = at::empty({rows_of(x)}, at::kFloat);
    for_element(x, [&](auto element) {
      using Element = decltype(element);
      for_blocks(rows_of(x), [&](int64_t, int64_t first, int64_t rows) {
        kernels::residual_norm(kernels::ResidualNormForward<Element>{
            .first_row = first,
            .rows = rows,
            .width = width,
            .x = data_of<Element>(source) + first * width,
            .change = data_of<Element>(change) + first * width,
            .bias = data_of<float>(bias),
            .weight = data_of<float>(weight),
            .norm_bias = data_of<float>(norm_bias),
            .epsilon = static_cast<float>(epsilon),
            .dropout = {static_cast<uint64_t>(key), share},
            .y = data_of<Element>(y) + first * width,
            .mean = data_of<float>(mean) + first,
            .rstd = data_of<float>(rstd) + first});
      });
    });
    // The sum lies where the change lay; as a detached alias it needs no version of its own.
    context->save_for_backward({change.detach(), mean, rstd, weight});
    context->saved_data["has_bias"] = bias.defined();
    context->saved_data["share"] = share;
    context->saved_data["key"] = key;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& sum = saved[0];
    const at::Tensor dy = gradients[0].contiguous();
    const double share = context->saved_data["share"].toDouble();
    const auto key = static_cast<uint64_t>(context->saved_data["key"].toInt());
    const bool has_bias = context->saved_data["has_bias"].toBool();
    const int64_t width = dy.size(-1);
    const int64_t all_rows = rows_of(dy);
    const at::Tensor dx = at::empty_like(dy);
    const at::Tensor dchange = share > 0 ? at::empty_like(dy) : dx;
    const at::Tensor dweight = partial_sums(all_rows, width);
    const at::Tensor dnorm_bias = partial_sums(all_rows, width);
    const at::Tensor dbias = has_bias ? partial_sums(all_rows, width) : at::Tensor();
    for_element(dy, [&](auto element) {
      using Element = decltype(element);
      for_blocks(all_rows, [&](int64_t block, int64_t first, int64_t rows) {
        kernels::residual_norm(kernels::ResidualNormBackward<Element>{
            .first_row = first,
            .rows = rows,
            .width = width,
            .dy = data_of<Element>(dy) + first * width,
            .sum = data_of<Element>(sum) + first * width,
            .mean = data_of<float>(saved[1]) + first,
            .rstd = data_of<float>(saved[2]) + first,
            .weight = data_of<float>(saved[3]),
            .dropout = {key, share},
            .dx = data_of<Element>(dx) + first * width,
            .dchange = data_of<Element>(dchange) + first * width,
            .dweight = data_of<float>(dweight) + block * width,
            .dnorm_bias = data_of<float>(dnorm_bias) + block * width,
            .dbias = has_bias ? data_of<float>(dbias) + block * width : nullptr});
      });
    });
    return {dx,
            dchange,
            has_bias ? dbias.sum(0) : at::Tensor(),
            dweight.sum(0),
            dnorm_bias.sum(0),
            at::Tensor(),
            at::Tensor(),
            at::Tensor()};
  }
};

class BiasGeluFunction : public torch::autograd::Function<BiasGeluFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& u,
                            const std::optional<at::Tensor>& optional_bias) {
    const at::Tensor bias = optional_bias.value_or(at::Tensor());
    const int64_t width = u.size(-1);
    at::Tensor y = at::empty_like(u);
    for_element(u, [&](auto element) {
      using Element = decltype(element);
      for_blocks(rows_of(u), [&](int64_t, int64_t first, int64_t rows) {
        kernels::gelu(kernels::GeluForward<Element>{.rows = rows,
                                                    .width = width,
                                                    .u = data_of<Element>(u) + first * width,
                                                    .bias = data_of<float>(bias),
                                                    .y = data_of<Element>(y) + first * width});
      });
    });
    context->save_for_backward({u.detach()});
    context->saved_data["has_bias"] = bias.defined();
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor u = context->get_saved_variables()[0];
    const at::Tensor dy = gradients[0].contiguous();
    const bool has_bias = context->saved_data["has_bias"].toBool();
    const int64_t width = dy.size(-1);
    const at::Tensor du = at::empty_like(dy);
    const at::Tensor dbias = has_bias ? partial_sums(rows_of(dy), width) : at::Tensor();
    for_element(dy, [&](auto element) {
      using Element = decltype(element);
      for_blocks(rows_of(dy), [&](int64_t block, int64_t first, int64_t rows) {
        kernels::gelu(kernels::GeluBackward<Element>{
            .rows = rows,
            .width = width,
            .dy = data_of<Element>(dy) + first * width,
            .u = data_of<Element>(u) + first * width,
            .du = data_of<Element>(du) + first * width,
            .dbias = has_bias ? data_of<float>(dbias) + block * width : nullptr});
      });
    });
    return {du, has_bias ? dbias.sum(0) : at::Tensor()};
  }
};

/// Where the kernel may write: the operand itself, where it is dense and of float32 or bfloat16.
bool writable(const at::Tensor& tensor) { return has_kernels(tensor) && tensor.is_contiguous(); }

}  // namespace

bool has_kernels(const at::Tensor& tensor) {
  return tensor.is_cpu() &&
         (tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16);
}

std::optional<at::Tensor> optional(const at::Tensor& tensor) {
  return tensor.defined() ? std::make_optional(tensor) : std::nullopt;
}

at::Tensor residual_norm(const at::Tensor& x, const at::Tensor& change, const at::Tensor& bias,
                         const at::Tensor& weight, const at::Tensor& norm_bias, double epsilon,
                         const KeyedDropout& dropout) {
  if (writable(change) && change.scalar_type() == x.scalar_type() &&
      weight.scalar_type() == at::kFloat)
    return ResidualNormFunction::apply(x, change, optional(bias), weight, norm_bias, epsilon,
                                       dropout.share, static_cast<int64_t>(dropout.key));
  const at::Tensor biased = bias.defined() ? change + bias.to(change.scalar_type()) : change;
  const at::Tensor sum = x + keyed_dropout(biased, dropout.share, dropout.key);
  return at::layer_norm(sum, {x.size(-1)}, weight, norm_bias, epsilon);
}

at::Tensor bias_gelu(const at::Tensor& u, const at::Tensor& bias) {
  if (writable(u) && (!bias.defined() || bias.scalar_type() == at::kFloat))
    return BiasGeluFunction::apply(u, optional(bias));
  return at::gelu(bias.defined() ? u + bias.to(u.scalar_type()) : u);
}

}  // namespace edgetran::train::torch_engine
