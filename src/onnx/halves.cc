// Products with the position matrices of long static models by their symmetries: half or a fourth
// of the multiplications for a few passes over the rows.
#include <fmt/format.h>

#include "base/result.h"
#include "graph/spectrum.h"
#include "onnx/translator.h"

namespace edgetran::onnx {
namespace {

using Matrix = std::vector<double>;

/// Rows `first_row`, first_row + row_step, ... and columns from `first_column` of a square matrix.
std::vector<float> part_of(const Matrix& square, int64_t n, int64_t first_row, int64_t row_step,
                           int64_t rows, int64_t first_column, int64_t columns) {
  std::vector<float> part;
  part.reserve(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      part.push_back(static_cast<float>(
          square[static_cast<size_t>((first_row + i * row_step) * n + first_column + j)]));
  return part;
}

}  // namespace

bool Translator::halves_positions(Wave wave) const {
  // The interleaving of a DCT's rows needs as many even as odd ones.
  return !options_.dynamic && options_.length >= kHalvedLength &&
         (wave != Wave::kDct || options_.length % 2 == 0);
}

std::string Translator::rows_of(const std::string& z, int64_t begin, int64_t end, int64_t axis) {
  return writer_.node(
      "Slice", {z, writer_.integers({begin}), writer_.integers({end}), writer_.integers({axis})},
      "rows");
}

/// Rows first, first - 1, ... first - count + 1, of which row 0 is none.
std::string Translator::reversed_rows(const std::string& z, int64_t first, int64_t count,
                                      int64_t axis) {
  return writer_.node("Slice",
                      {z, writer_.integers({first}), writer_.integers({first - count}),
                       writer_.integers({axis}), writer_.integers({-1})},
                      "reversed");
}

// With C[t, n−j] = C[n−t, j] = C[t, j] and S[t, n−j] = S[n−t, j] = −S[t, j], positions 1 ... m with
// m = ceil(n/2) − 1 have mirrors: their rows are added (or subtracted) before a product of a fourth
// of the size, and what comes out is mirrored.
std::string Translator::halved_dft(Wave wave, const std::string& z, int64_t axis) {
  const int64_t n = options_.length;
  const int64_t half = n / 2;
  const int64_t mirrored = (n + 1) / 2 - 1;
  const bool cosine = wave == Wave::kCosine;
  std::string columns = writer_.node(
      cosine ? "Add" : "Sub",
      {rows_of(z, 1, mirrored + 1, axis), reversed_rows(z, n - 1, mirrored, axis)}, "mirrored");
  if (cosine) {
    std::vector<std::string> parts{rows_of(z, 0, 1, axis), columns};
    if (n % 2 == 0) parts.push_back(rows_of(z, half, half + 1, axis));
    columns = writer_.node("Concat", parts, "columns", {{"axis", axis}});
  }
  const int64_t first = cosine ? 0 : 1;
  const int64_t count = cosine ? half + 1 : mirrored;
  const std::string& matrix = once(cosine ? "positions/half_cosine" : "positions/half_sine", [&] {
    return writer_.floats(fmt::format("positions.half_{}_{}", cosine ? "cosine" : "sine", n),
                          {half + 1, count},
                          part_of(cosine ? graph::cosine_matrix(n) : graph::sine_matrix(n), n, 0, 1,
                                  half + 1, first, count));
  });
  const std::string product = writer_.node("MatMul", {matrix, columns}, "positions");
  std::string mirror = reversed_rows(product, mirrored, mirrored, axis);
  if (!cosine) mirror = writer_.node("Neg", {mirror}, "opposite");
  return writer_.node("Concat", {product, mirror}, "all", {{"axis", axis}});
}

// D[k, n−1−j] = (−1)^k D[k, j]: even rows read sums of mirrored positions, odd rows differences.
std::string Translator::halved_dct(const std::string& z, int64_t axis) {
  const int64_t n = options_.length;
  const int64_t half = n / 2;
  const std::string low = rows_of(z, 0, half, axis);
  const std::string high = reversed_rows(z, n - 1, half, axis);
  const auto product = [&](bool odd) {
    const std::string& matrix = once(odd ? "positions/odd_dct" : "positions/even_dct", [&] {
      return writer_.floats(fmt::format("positions.{}_dct_{}", odd ? "odd" : "even", n),
                            {half, half},
                            part_of(graph::dct_matrix(n), n, odd ? 1 : 0, 2, half, 0, half));
    });
    const std::string sum = writer_.node(odd ? "Sub" : "Add", {low, high}, "mirrored");
    const std::string rows = writer_.node("MatMul", {matrix, sum}, "positions");
    return writer_.node("Unsqueeze", {rows, writer_.integers({axis + 1})}, "pairs");
  };
  const std::string even = product(false);
  const std::string pairs =
      writer_.node("Concat", {even, product(true)}, "interleaved", {{"axis", axis + 1}});
  // [..., half, 2, features] -> [..., n, features]
  const std::vector<int64_t> shape =
      axis == 1 ? std::vector<int64_t>{0, n, -1} : std::vector<int64_t>{0, 0, n, -1};
  return writer_.node("Reshape", {pairs, writer_.integers(shape)}, "all");
}

}  // namespace edgetran::onnx
