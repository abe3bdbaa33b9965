#include "train/torch/spectral.h"

#include <algorithm>
#include <vector>

#include "base/result.h"
#include "graph/spectrum.h"

namespace edgetran::train::torch_engine {
namespace {

using Wave = PositionMatrices::Wave;

std::vector<double> matrix_of(Wave wave, int64_t n) {
  switch (wave) {
    case Wave::kCosine:
      return graph::cosine_matrix(n);
    case Wave::kSine:
      return graph::sine_matrix(n);
    case Wave::kDct:
      return graph::dct_matrix(n);
  }
  EDGETRAN_CHECK(false, "a wave without a matrix");
  return {};
}

/// [rows, columns] of `values`, in double precision on the CPU.
at::Tensor to_tensor(const std::vector<double>& values, int64_t rows, int64_t columns) {
  at::Tensor tensor = at::empty({rows, columns}, at::kDouble);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>());
  return tensor;
}

at::Tensor constant(const std::vector<double>& values, int64_t size, const at::Tensor& like) {
  return to_tensor(values, size, size).to(like.options());
}

/// [batch, length, length]: the matrix of each row's own n, zero beyond it.
at::Tensor masked_matrices(Wave wave, int64_t length, const at::Tensor& mask,
                           const at::Tensor& like) {
  const at::Tensor counts = mask.sum(1).to(at::kCPU);
  const auto* valid = counts.const_data_ptr<int64_t>();
  at::Tensor result = at::zeros({mask.size(0), length, length}, like.options());
  std::map<int64_t, at::Tensor> by_count;
  for (int64_t row = 0; row < mask.size(0); ++row) {
    const int64_t n = valid[row];
    if (n == 0) continue;
    auto [entry, fresh] = by_count.try_emplace(n);
    if (fresh) entry->second = constant(matrix_of(wave, n), n, like);
    result.select(0, row).narrow(0, 0, n).narrow(1, 0, n).copy_(entry->second);
  }
  return result;
}

/// matrix [length, length] or [batch, length, length], z [batch, heads, length, width] -> z's
/// shape.
at::Tensor mix_positions(const at::Tensor& matrix, const at::Tensor& z) {
  // All heads of a sequence are columns of one product: [batch, length, heads * width].
  const at::Tensor rows = z.transpose(1, 2).flatten(2);
  const at::Tensor square =
      matrix.dim() == 2 ? matrix.unsqueeze(0).expand({z.size(0), -1, -1}) : matrix;
  return at::bmm(square, rows).view({z.size(0), z.size(2), z.size(1), z.size(3)}).transpose(1, 2);
}

}  // namespace

const at::Tensor& PositionMatrices::get(Wave wave, int64_t length, const at::Tensor& mask,
                                        const at::Tensor& like) {
  at::Tensor& matrix = made_[{wave, like.scalar_type()}];
  if (!matrix.defined()) {
    const at::NoGradGuard constants;
    matrix = mask.defined() ? masked_matrices(wave, length, mask, like)
                            : constant(matrix_of(wave, length), length, like);
  }
  return matrix;
}

at::Tensor spectral_transform(graph::Spectrum spectrum, const at::Tensor& x, const at::Tensor& mask,
                              PositionMatrices& matrices) {
  const int64_t width = x.size(3);
  const int64_t length = x.size(2);
  const at::Tensor z = at::matmul(x, constant(graph::feature_map(spectrum, width), width, x));
  if (spectrum == graph::Spectrum::kDct)
    return mix_positions(matrices.get(Wave::kDct, length, mask, x), z);
  const int64_t kept = graph::cosine_features(spectrum, width);
  at::Tensor waves =
      mix_positions(matrices.get(Wave::kCosine, length, mask, x), z.narrow(3, 0, kept));
  if (kept < width) {
    const at::Tensor sines =
        mix_positions(matrices.get(Wave::kSine, length, mask, x), z.narrow(3, kept, width - kept));
    waves = at::cat({waves, sines}, 3);
  }
  return at::matmul(waves, constant(graph::expansion_map(spectrum, width), width, x));
}

}  // namespace edgetran::train::torch_engine
