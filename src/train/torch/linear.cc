#include "train/torch/linear.h"

#include <algorithm>

#include "train/torch/device.h"
#include "train/torch/fused.h"
#include "train/torch/kernels/matmul.h"

namespace edgetran::train::torch_engine {
namespace {

using kernels::Bf16;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <class Element>
kernels::Operand<Element> operand(const at::Tensor& matrix) {
  return {static_cast<const Element*>(matrix.const_data_ptr()), matrix.stride(0), matrix.stride(1)};
}

/// What a product has beside its operands; undefined where it has none.
struct Vectors {
  at::Tensor bias;      ///< added to each row of c
  at::Tensor row_sums;  ///< become those of a
};

/// c = a b of matrices; each thread takes a band of c, along its longer side.
template <class Element, class Out>
void run_product(const at::Tensor& a, const at::Tensor& b, const Vectors& vectors,
                 const at::Tensor& c) {
  kernels::MatrixProduct<Element, Out> product;
  product.rows = c.size(0);
  product.columns = c.size(1);
  product.depth = a.size(1);
  product.a = operand<Element>(a);
  product.b = operand<Element>(b);
  if (vectors.bias.defined()) product.bias = vectors.bias.const_data_ptr<float>();
  if (vectors.row_sums.defined()) product.row_sums = vectors.row_sums.mutable_data_ptr<float>();
  product.c = static_cast<Out*>(c.mutable_data_ptr());
  // Bands are whole tiles of any vector width, high or wide.
  constexpr int64_t kBandRows = 6;
  constexpr int64_t kBandColumns = 64;
  const kernels::Range rows{0, product.rows};
  const kernels::Range columns{0, product.columns};
  const bool by_rows = product.rows / kBandRows >= product.columns / kBandColumns;
  const int64_t band = by_rows ? kBandRows : kBandColumns;
  const int64_t all = by_rows ? product.rows : product.columns;
  const int64_t bands = (all + band - 1) / band;
  const int64_t grain = (bands + at::get_num_threads() - 1) / at::get_num_threads();
  at::parallel_for(0, bands, grain, [&](int64_t begin, int64_t end) {
    kernels::ProductScratch<Element> scratch;
    const kernels::Range part{begin * band, std::min(end * band, all)};
    kernels::multiply(product, by_rows ? part : rows, by_rows ? columns : part, scratch);
  });
}

at::Tensor own_product(const at::Tensor& a, const at::Tensor& b, const Vectors& vectors,
                       at::ScalarType type) {
  at::Tensor c = at::empty({a.size(0), b.size(1)}, a.options().dtype(type));
  if (a.scalar_type() == at::kFloat)
    run_product<float, float>(a, b, vectors, c);
  else if (type == at::kFloat)
    run_product<Bf16, float>(a, b, vectors, c);
  else
    run_product<Bf16, Bf16>(a, b, vectors, c);
  return c;
}

at::Tensor library_product(const at::Tensor& a, const at::Tensor& b, const Vectors& vectors) {
  if (at::Tensor sums = vectors.row_sums; sums.defined()) at::sum_out(sums, a, 1);
  return vectors.bias.defined() ? at::addmm(vectors.bias, a, b) : at::mm(a, b);
}

/// In float32 the library's products are as fast or faster, but where c is flat, as logits are:
/// there ours are half as fast again.
bool is_flat(const at::Tensor& a, const at::Tensor& b) { return b.size(1) >= 16 * a.size(0); }

/// Whose products a linear layer takes.
enum class Products : uint8_t { kFastest, kOwn };

/// a b, in the operands' type or in float32.
at::Tensor product(const at::Tensor& a, const at::Tensor& b, const Vectors& vectors,
                   at::ScalarType type, Products products) {
  const bool takes_library =
      products == Products::kFastest && a.scalar_type() == at::kFloat && !is_flat(a, b);
  return takes_library ? library_product(a, b, vectors) : own_product(a, b, vectors, type);
}

at::Tensor as_rows(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}).contiguous(); }

class LinearFunction : public torch::autograd::Function<LinearFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& optional_bias, Products products) {
    const at::Tensor bias = optional_bias.value_or(at::Tensor());
    const at::Tensor rows = as_rows(x);
    const at::Tensor matrix = weight.detach().contiguous().to(x.scalar_type());
    context->save_for_backward({rows, matrix});
    context->saved_data["has_bias"] = bias.defined();
    context->saved_data["products"] = static_cast<int64_t>(products);
    context->saved_data["shape"] = x.sizes().vec();
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return product(rows, matrix.t(), {bias, {}}, x.scalar_type(), products).view(shape);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor dy = as_rows(gradients[0]);
    const bool has_bias = context->saved_data["has_bias"].toBool();
    const auto products = static_cast<Products>(context->saved_data["products"].toInt());
    at::Tensor dx, dbias;
    if (context->needs_input_grad(0))
      dx = product(dy, saved[1], {}, dy.scalar_type(), products)
               .view(context->saved_data["shape"].toIntVector());
    if (has_bias) dbias = at::empty({dy.size(1)}, at::kFloat);
    const at::Tensor dweight = product(dy.t(), saved[0], {{}, dbias}, at::kFloat, products);
    return {dx, dweight, dbias, at::Tensor()};
  }
};

/// Our own products are for operands that have kernels.
bool has_products(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return has_kernels(x) && x.numel() > 0 && weight.scalar_type() == at::kFloat &&
         (!bias.defined() || bias.scalar_type() == at::kFloat);
}

/// x86 alone was measured. Processors with tiles multiply bfloat16 faster than any vector
/// instruction does; oneDNN uses them.
bool prefers_own(at::ScalarType type) {
#if defined(__x86_64__)
  return type == at::kFloat || (computes_bf16(at::kCPU) && !has_bf16_tiles());
#else
  static_cast<void>(type);
  return false;
#endif
}

}  // namespace

at::Tensor own_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return LinearFunction::apply(x, weight, optional(bias), Products::kOwn);
}

at::Tensor composed_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto type = x.scalar_type();
  return at::linear(x, weight.to(type), bias.defined() ? bias.to(type) : at::Tensor());
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  Precision precision) {
  const at::Tensor input = precision == Precision::kBf16 ? x.to(at::kBFloat16) : x;
  if (has_products(input, weight, bias) && prefers_own(input.scalar_type()))
    return LinearFunction::apply(input, weight, optional(bias), Products::kFastest);
  return composed_linear(input, weight, bias);
}

}  // namespace edgetran::train::torch_engine
