#include "graph/spectrum.h"

#include <cmath>
#include <numbers>

namespace edgetran::graph {
namespace {

using Matrix = std::vector<double>;

size_t at(int64_t row, int64_t column, int64_t columns) {
  return static_cast<size_t>(row * columns + column);
}

/// [n, n] of wave(2π (j k mod n) / n) / sqrt(n): one value for each of the n angles.
template <class Wave>
Matrix periodic_matrix(int64_t n, const Wave& wave) {
  const auto size = static_cast<double>(n);
  Matrix values(static_cast<size_t>(n));
  for (int64_t m = 0; m < n; ++m)
    values[static_cast<size_t>(m)] =
        wave(2 * std::numbers::pi * static_cast<double>(m) / size) / std::sqrt(size);
  Matrix result(static_cast<size_t>(n * n));
  for (int64_t j = 0; j < n; ++j)
    for (int64_t k = 0; k < n; ++k) result[at(j, k, n)] = values[static_cast<size_t>(j * k % n)];
  return result;
}

Matrix transposed(const Matrix& square, int64_t n) {
  Matrix result(square.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) result[at(i, j, n)] = square[at(j, i, n)];
  return result;
}

}  // namespace

Matrix cosine_matrix(int64_t n) {
  return periodic_matrix(n, [](double angle) { return std::cos(angle); });
}

Matrix sine_matrix(int64_t n) {
  return periodic_matrix(n, [](double angle) { return std::sin(angle); });
}

Matrix dct_matrix(int64_t n) {
  const int64_t period = 4 * n;
  const auto size = static_cast<double>(n);
  Matrix result(static_cast<size_t>(n * n));
  for (int64_t k = 0; k < n; ++k) {
    const double scale = std::sqrt((k == 0 ? 1 : 2) / size);
    for (int64_t j = 0; j < n; ++j) {
      const auto reduced = static_cast<double>((2 * j + 1) * k % period);
      result[at(k, j, n)] = scale * std::cos(std::numbers::pi * reduced / (2 * size));
    }
  }
  return result;
}

int64_t cosine_features(Spectrum spectrum, int64_t width) {
  return spectrum == Spectrum::kDct ? width : width / 2 + 1;
}

Matrix feature_map(Spectrum spectrum, int64_t width) {
  if (spectrum == Spectrum::kDct) return transposed(dct_matrix(width), width);
  const Matrix cosines = cosine_matrix(width);
  const Matrix sines = sine_matrix(width);
  const int64_t kept = cosine_features(spectrum, width);
  Matrix result(cosines.size());
  for (int64_t j = 0; j < width; ++j)
    for (int64_t k = 0; k < width; ++k)
      result[at(j, k, width)] =
          k < kept ? cosines[at(j, k, width)] : sines[at(j, k - kept + 1, width)];
  return result;
}

Matrix expansion_map(Spectrum spectrum, int64_t width) {
  Matrix result(static_cast<size_t>(width * width));
  const int64_t kept = cosine_features(spectrum, width);
  for (int64_t k = 0; k < kept; ++k) result[at(k, k, width)] = 1;
  for (int64_t k = 1; k <= width - kept; ++k) {  // frequencies with a sine have a mirror column
    result[at(k, width - k, width)] = 1;
    result[at(kept + k - 1, k, width)] = -1;
    result[at(kept + k - 1, width - k, width)] = 1;
  }
  return result;
}

}  // namespace edgetran::graph
