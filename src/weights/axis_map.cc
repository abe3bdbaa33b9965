#include "weights/axis_map.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/result.h"
#include "weights/dense_kernels.h"

namespace edgetran::weights {
namespace {

enum class Direction : uint8_t { kForward, kBack };  // P or Pᵀ

// One dimension of a tensor seen as [outer, size, inner].
struct Extent {
  int64_t outer = 1, inner = 1;
};

Matrix transposed(const Matrix& matrix) {
  Matrix result{.rows = matrix.columns,
                .columns = matrix.rows,
                .values = std::vector<float>(matrix.values.size())};
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t column = 0; column < matrix.columns; ++column)
      result.values[static_cast<size_t>(column * matrix.rows + row)] =
          matrix.values[static_cast<size_t>(row * matrix.columns + column)];
  return result;
}

Dense<const float> dense(const Matrix& matrix) {
  return {matrix.values.data(), matrix.rows, matrix.columns, matrix.columns};
}

std::vector<float> apply_axis(const AxisMap& map, Direction direction, const Extent& extent,
                              std::span<const float> values) {
  const bool forward = direction == Direction::kForward;
  const int64_t in_size = forward ? map.source_size : map.target_size;
  const int64_t out_size = forward ? map.target_size : map.source_size;
  const int64_t inner = extent.inner;
  std::vector<float> result(static_cast<size_t>(extent.outer * out_size * inner));
  for (const AxisPiece& piece : map.pieces) {
    const int64_t in_begin = forward ? piece.source_begin : piece.target_begin;
    const int64_t out_begin = forward ? piece.target_begin : piece.source_begin;
    const float* const from = values.data() + in_begin * inner;
    float* const to = result.data() + out_begin * inner;
    if (piece.matrix == nullptr) {
      for (int64_t outer = 0; outer < extent.outer; ++outer)
        std::copy_n(from + outer * in_size * inner, piece.source_count * inner,
                    to + outer * out_size * inner);
      continue;
    }
    const Matrix turned = transposed(*piece.matrix);
    const Matrix& matrix = forward ? *piece.matrix : turned;
    if (inner == 1) {  // the last dimension: all rows in one product with the transposed matrix
      multiply({from, extent.outer, matrix.columns, in_size},
               dense(forward ? turned : *piece.matrix), {to, extent.outer, matrix.rows, out_size});
      continue;
    }
    for (int64_t outer = 0; outer < extent.outer; ++outer)
      multiply(dense(matrix), {from + outer * in_size * inner, matrix.columns, inner, inner},
               {to + outer * out_size * inner, matrix.rows, inner, inner});
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
  orthonormalise_rows({values.data(), few, many, many});
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
