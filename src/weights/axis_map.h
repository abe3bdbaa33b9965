#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/random.h"

namespace edgetran::weights {

/// A dense matrix [rows, columns], row-major.
struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;
};

/// A matrix [rows, columns] of independent normal numbers, orthonormalised (modified Gram-Schmidt):
/// its rows are orthonormal where rows <= columns, its columns otherwise.
Matrix random_frame(int64_t rows, int64_t columns, base::RandomStream random);

/// Stretches of a source and of a target axis that correspond: index by index, or mixed by a
/// matrix.
struct AxisPiece {
  int64_t source_begin = 0, source_count = 0;
  int64_t target_begin = 0, target_count = 0;
  std::shared_ptr<const Matrix> matrix{};  ///< [target_count, source_count]; null: equal counts
};

/// A partial isometry P [target_size, source_size] from the indices of an axis of one model to
/// those of the corresponding axis of another, block by block; what lies in no piece has no
/// counterpart. P's non-zero singular values are 1, so Pᵀ is its pseudo-inverse: P Pᵀ projects onto
/// what comes from the source, and where the axis only grows, Pᵀ P is the identity.
struct AxisMap {
  int64_t source_size = 0, target_size = 0;
  std::vector<AxisPiece> pieces{};

  /// Appends index-by-index correspondence; joins the last piece where it continues it.
  void add_copy(int64_t source_begin, int64_t target_begin, int64_t count);
  /// Rank of P: indices that a selection copies, dimensions that a projection keeps.
  int64_t shared() const;
  /// Whether P only copies indices.
  bool copies() const;
  /// Of each target index, whether it is in a piece.
  std::vector<bool> covered_targets() const;
};

/// Elements that tensors with these dimensions share: the product of what the axes share; 0
/// without any (a parameter that does not match).
int64_t shared_elements(std::span<const AxisMap* const> maps);

/// Puts a source tensor into a target one, both row-major with the axes of `maps` (one a
/// dimension): target <- F + P (T - Pᵀ F), with F the target as it is, T the source and P acting on
/// every dimension. Where P selects, this is a copy, bit for bit; where a dimension grows, what
/// lies outside P's range stays as it was.
void transfer_tensor(std::span<const AxisMap* const> maps, std::span<const float> source,
                     std::span<float> target);

/// The same for a vector of scales (layer norm), which is the diagonal of a linear map: of P
/// diag(T) Pᵀ only the diagonal is kept, target[i] <- Σ_j P[i,j]² T[j] + (1 - Σ_j P[i,j]²) F[i].
void transfer_scales(const AxisMap& map, std::span<const float> source, std::span<float> target);

}  // namespace edgetran::weights
