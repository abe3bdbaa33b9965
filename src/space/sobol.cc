#include "space/sobol.h"

#include <bit>

#include "base/result.h"

namespace edgetran::space {
namespace {

constexpr int kBits = 32;
using Directions = std::array<uint32_t, kBits>;

uint32_t reverse_bits(uint32_t x) {
  x = ((x >> 1) & 0x55555555U) | ((x & 0x55555555U) << 1);
  x = ((x >> 2) & 0x33333333U) | ((x & 0x33333333U) << 2);
  x = ((x >> 4) & 0x0F0F0F0FU) | ((x & 0x0F0F0F0FU) << 4);
  return __builtin_bswap32(x);
}

Directions first_directions() {
  Directions directions{};
  for (size_t j = 0; j < kBits; ++j) directions[j] = uint32_t{1} << (kBits - 1 - j);
  return directions;
}

/// v_j = v_{j-s} ^ (v_{j-s} >> s) ^ a_1 v_{j-1} ^ ... ^ a_{s-1} v_{j-s+1} (Bratley and Fox, 1988).
Directions directions_of(const SobolRow& row) {
  Directions directions{};
  const auto degree = static_cast<size_t>(row.degree);
  for (size_t j = 0; j < kBits; ++j) {
    if (j < degree) {
      directions[j] = row.first[j] << (kBits - 1 - j);
      continue;
    }
    uint32_t value = directions[j - degree] ^ (directions[j - degree] >> degree);
    for (size_t q = 1; q < degree; ++q) {
      if ((row.inner >> (degree - 1 - q)) & 1U) value ^= directions[j - q];
    }
    directions[j] = value;
  }
  return directions;
}

std::array<Directions, kSobolDimensions> all_directions() {
  std::array<Directions, kSobolDimensions> all{};
  all[0] = first_directions();
  for (size_t d = 1; d < all.size(); ++d) all[d] = directions_of(sobol_rows()[d - 1]);
  return all;
}

}  // namespace

uint32_t sobol_bits(uint32_t index, int64_t dimension) {
  EDGETRAN_CHECK(dimension >= 0 && dimension < kSobolDimensions, "no such Sobol coordinate");
  static const std::array<Directions, kSobolDimensions> kDirections = all_directions();
  const Directions& directions = kDirections[static_cast<size_t>(dimension)];
  uint32_t bits = 0;
  for (; index != 0; index &= index - 1) {
    bits ^= directions[static_cast<size_t>(std::countr_zero(index))];
  }
  return bits;
}

uint32_t owen_scramble(uint32_t bits, uint32_t seed) {
  uint32_t x = reverse_bits(bits);
  x ^= x * 0x3d20adeaU;
  x += seed;
  x *= (seed >> 16) | 1U;
  x ^= x * 0x05526c56U;
  x ^= x * 0x53a22864U;
  return reverse_bits(x);
}

}  // namespace edgetran::space
