#include "weights/axis_map.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/result.h"

namespace edgetran::weights {
namespace {

// Summed in interleaved parts, so that the compiler may use vectors; the order is fixed.
template <class Number>
Number dot(const Number* a, const Number* b, int64_t count) {
  constexpr int64_t kParts = 8;
  Number parts[kParts] = {};
  int64_t i = 0;
  for (; i + kParts <= count; i += kParts)
    for (int64_t k = 0; k < kParts; ++k) parts[k] += a[i + k] * b[i + k];
  for (; i < count; ++i) parts[0] += a[i] * b[i];
  return std::accumulate(std::begin(parts), std::end(parts), Number{0});
}

template <class Number>
void add_scaled(Number* a, const Number* b, Number factor, int64_t count) {
  for (int64_t i = 0; i < count; ++i) a[i] += factor * b[i];
}

// Rows of [rows, columns], rows <= columns. The second pass removes what rounding left of the
// first ("twice is enough", Giraud et al. 2005).
void orthonormalise_rows(std::vector<double>& values, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row) {
    double* const current = values.data() + row * columns;
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t before = 0; before < row; ++before) {
        const double* const other = values.data() + before * columns;
        add_scaled(current, other, -dot(current, other, columns), columns);
      }
    }
    const double norm = std::sqrt(dot(current, current, columns));
    for (int64_t i = 0; i < columns; ++i) current[i] /= norm;
  }
}

enum class Direction : uint8_t { kForward, kBack };  // P or Pᵀ

// One dimension of a tensor seen as [outer, size, inner].
struct Extent {
  int64_t outer = 1, inner = 1;
};

// to [out, inner] += P or Pᵀ times from [in, inner].
void apply_matrix(const Matrix& matrix, Direction direction, int64_t inner, const float* from,
                  float* to) {
  for (int64_t row = 0; row < matrix.rows; ++row) {
    const float* const entries = matrix.values.data() + row * matrix.columns;
    if (inner == 1) {  // the last dimension: along the matrix's own rows
      if (direction == Direction::kForward)
        to[row] += dot(entries, from, matrix.columns);
      else
        add_scaled(to, entries, from[row], matrix.columns);
      continue;
    }
    for (int64_t column = 0; column < matrix.columns; ++column) {
      const int64_t in = direction == Direction::kForward ? column : row;
      const int64_t out = direction == Direction::kForward ? row : column;
      add_scaled(to + out * inner, from + in * inner, entries[column], inner);
    }
  }
}

std::vector<float> apply_axis(const AxisMap& map, Direction direction, const Extent& extent,
                              std::span<const float> values) {
  const bool forward = direction == Direction::kForward;
  const int64_t in_size = forward ? map.source_size : map.target_size;
  const int64_t out_size = forward ? map.target_size : map.source_size;
  std::vector<float> result(static_cast<size_t>(extent.outer * out_size * extent.inner));
  for (int64_t outer = 0; outer < extent.outer; ++outer) {
    for (const AxisPiece& piece : map.pieces) {
      const int64_t in_begin = forward ? piece.source_begin : piece.target_begin;
      const int64_t out_begin = forward ? piece.target_begin : piece.source_begin;
      const float* const from = values.data() + (outer * in_size + in_begin) * extent.inner;
      float* const to = result.data() + (outer * out_size + out_begin) * extent.inner;
      if (piece.matrix == nullptr)
        std::copy_n(from, piece.source_count * extent.inner, to);
      else
        apply_matrix(*piece.matrix, direction, extent.inner, from, to);
    }
  }
  return result;
}

// P or Pᵀ along every dimension.
std::vector<float> apply_all(std::span<const AxisMap* const> maps, Direction direction,
                             std::vector<float> values) {
  const auto size_of = [&](size_t axis, bool before) {
    const bool source = (direction == Direction::kForward) == before;
    return source ? maps[axis]->source_size : maps[axis]->target_size;
  };
  for (size_t axis = 0; axis < maps.size(); ++axis) {
    Extent extent;
    for (size_t i = 0; i < axis; ++i) extent.outer *= size_of(i, false);
    for (size_t i = axis + 1; i < maps.size(); ++i) extent.inner *= size_of(i, true);
    values = apply_axis(*maps[axis], direction, extent, values);
  }
  return values;
}

// Copies along dimension `axis` and the ones after it.
void copy_pieces(std::span<const AxisMap* const> maps, size_t axis, const float* source,
                 float* target) {
  int64_t source_stride = 1, target_stride = 1;
  for (size_t i = axis + 1; i < maps.size(); ++i) {
    source_stride *= maps[i]->source_size;
    target_stride *= maps[i]->target_size;
  }
  for (const AxisPiece& piece : maps[axis]->pieces) {
    const float* const from = source + piece.source_begin * source_stride;
    float* const to = target + piece.target_begin * target_stride;
    if (axis + 1 == maps.size()) {
      std::copy_n(from, piece.source_count, to);
      continue;
    }
    for (int64_t i = 0; i < piece.source_count; ++i)
      copy_pieces(maps, axis + 1, from + i * source_stride, to + i * target_stride);
  }
}

}  // namespace

Matrix random_frame(int64_t rows, int64_t columns, base::RandomStream random) {
  const int64_t few = std::min(rows, columns), many = std::max(rows, columns);
  std::vector<double> values(static_cast<size_t>(few * many));
  for (double& value : values) value = random.normal();
  orthonormalise_rows(values, few, many);
  Matrix matrix{.rows = rows, .columns = columns, .values = std::vector<float>(values.size())};
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const int64_t from = rows <= columns ? row * many + column : column * many + row;
      matrix.values[static_cast<size_t>(row * columns + column)] =
          static_cast<float>(values[static_cast<size_t>(from)]);
    }
  }
  return matrix;
}

void AxisMap::add_copy(int64_t source_begin, int64_t target_begin, int64_t count) {
  if (count == 0) return;
  if (!pieces.empty()) {
    AxisPiece& last = pieces.back();
    if (last.matrix == nullptr && last.source_begin + last.source_count == source_begin &&
        last.target_begin + last.target_count == target_begin) {
      last.source_count += count;
      last.target_count += count;
      return;
    }
  }
  pieces.push_back({.source_begin = source_begin,
                    .source_count = count,
                    .target_begin = target_begin,
                    .target_count = count});
}

int64_t AxisMap::shared() const {
  int64_t rank = 0;
  for (const AxisPiece& piece : pieces) rank += std::min(piece.source_count, piece.target_count);
  return rank;
}

bool AxisMap::copies() const {
  return std::all_of(pieces.begin(), pieces.end(),
                     [](const AxisPiece& piece) { return piece.matrix == nullptr; });
}

std::vector<bool> AxisMap::covered_targets() const {
  std::vector<bool> covered(static_cast<size_t>(target_size));
  for (const AxisPiece& piece : pieces)
    std::fill_n(covered.begin() + piece.target_begin, piece.target_count, true);
  return covered;
}

int64_t shared_elements(std::span<const AxisMap* const> maps) {
  int64_t elements = maps.empty() ? 0 : 1;
  for (const AxisMap* map : maps) elements *= map->shared();
  return elements;
}

void transfer_tensor(std::span<const AxisMap* const> maps, std::span<const float> source,
                     std::span<float> target) {
  EDGETRAN_CHECK(!maps.empty(), "a parameter has at least one dimension");
  if (std::all_of(maps.begin(), maps.end(), [](const AxisMap* map) { return map->copies(); })) {
    copy_pieces(maps, 0, source.data(), target.data());
    return;
  }
  std::vector<float> change =
      apply_all(maps, Direction::kBack, std::vector<float>(target.begin(), target.end()));
  std::transform(source.begin(), source.end(), change.begin(), change.begin(), std::minus<>());
  change = apply_all(maps, Direction::kForward, std::move(change));
  std::transform(target.begin(), target.end(), change.begin(), target.begin(), std::plus<>());
}

void transfer_scales(const AxisMap& map, std::span<const float> source, std::span<float> target) {
  for (const AxisPiece& piece : map.pieces) {
    const auto from = source.subspan(static_cast<size_t>(piece.source_begin),
                                     static_cast<size_t>(piece.source_count));
    const auto to = target.subspan(static_cast<size_t>(piece.target_begin),
                                   static_cast<size_t>(piece.target_count));
    if (piece.matrix == nullptr) {
      std::copy(from.begin(), from.end(), to.begin());
      continue;
    }
    for (size_t row = 0; row < to.size(); ++row) {
      double sum = 0, weight = 0;
      for (size_t column = 0; column < from.size(); ++column) {
        const double entry = piece.matrix->values[row * from.size() + column];
        sum += entry * entry * from[column];
        weight += entry * entry;
      }
      to[row] = static_cast<float>(sum + (1 - weight) * to[row]);
    }
  }
}

}  // namespace edgetran::weights
