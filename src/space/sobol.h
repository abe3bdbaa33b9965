#pragma once

#include <array>
#include <cstdint>

namespace edgetran::space {

/// Coordinates with tabulated direction numbers.
inline constexpr int64_t kSobolDimensions = 128;

/// Coordinate `dimension` (0 <= dimension < kSobolDimensions) of point `index` of the Sobol
/// sequence, as a 32-bit binary fraction. The first 2^k points of each coordinate fall one into
/// each of 2^k equal intervals. Order of the points as defined (not Gray-code order), so any point
/// is reached at once.
uint32_t sobol_bits(uint32_t index, int64_t dimension);

/// Nested uniform (Owen) scrambling of a binary fraction by a hash of `seed`: keeps the
/// equidistribution, removes the pattern. Burley, "Practical hash-based Owen scrambling", JCGT
/// 9(4), 2020, with the constants of Laine and Karras.
uint32_t owen_scramble(uint32_t bits, uint32_t seed);

/// A primitive polynomial over GF(2) of a coordinate and its first direction numbers.
struct SobolRow {
  int degree = 0;
  uint32_t inner = 0;  ///< coefficients between the leading and the constant one
  std::array<uint32_t, 10> first{};
};
/// Of coordinates 1..127; coordinate 0 is the van der Corput sequence.
const std::array<SobolRow, kSobolDimensions - 1>& sobol_rows();

}  // namespace edgetran::space
