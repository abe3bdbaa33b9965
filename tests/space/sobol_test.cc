#include "space/sobol.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace edgetran::space {
namespace {

double value(uint32_t bits) { return bits * 0x1p-32; }

TEST(Sobol, FirstPointsAreThePublishedOnes) {
  // Points 1 to 4 of the first eight coordinates of Joe and Kuo's set, in the order of the
  // definition (their program lists them in Gray-code order: 1, 3, 2, 6).
  const std::array<std::array<double, 8>, 3> gray = {{
      {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
      {0.75, 0.25, 0.25, 0.25, 0.75, 0.75, 0.25, 0.75},
      {0.25, 0.75, 0.75, 0.75, 0.25, 0.25, 0.75, 0.25},
  }};
  const std::array<uint32_t, 3> index = {1, 3, 2};
  for (size_t i = 0; i < index.size(); ++i) {
    for (size_t d = 0; d < 8; ++d) {
      EXPECT_EQ(value(sobol_bits(index[i], static_cast<int64_t>(d))), gray[i][d]);
    }
  }
  EXPECT_EQ(value(sobol_bits(6, 0)), 0.375);
  EXPECT_EQ(value(sobol_bits(6, 2)), 0.625);
  EXPECT_EQ(value(sobol_bits(6, 3)), 0.875);
}

TEST(Sobol, EveryCoordinateFillsEveryIntervalOnce) {
  for (int64_t d = 0; d < kSobolDimensions; ++d) {
    std::set<uint32_t> cells;
    for (uint32_t i = 0; i < 1024; ++i) cells.insert(sobol_bits(i, d) >> 22);
    EXPECT_EQ(cells.size(), 1024U) << "coordinate " << d;
  }
}

TEST(Sobol, ScramblingKeepsTheEquidistribution) {
  for (int64_t d = 0; d < kSobolDimensions; d += 7) {
    std::set<uint32_t> cells;
    for (uint32_t i = 0; i < 256; ++i) {
      cells.insert(owen_scramble(sobol_bits(i, d), 0x9e3779b9U + static_cast<uint32_t>(d)) >> 24);
    }
    EXPECT_EQ(cells.size(), 256U) << "coordinate " << d;
  }
}

TEST(Sobol, NoTwoCoordinatesAreTheSame) {
  std::set<std::array<uint32_t, 64>> sequences;
  for (int64_t d = 0; d < kSobolDimensions; ++d) {
    std::array<uint32_t, 64> sequence{};
    for (uint32_t i = 0; i < 64; ++i) sequence[i] = sobol_bits(i * 16, d);
    sequences.insert(sequence);
  }
  EXPECT_EQ(sequences.size(), static_cast<size_t>(kSobolDimensions));
}

TEST(Sobol, FirstTwoCoordinatesFormANet) {
  // 2^k points: one in each elementary interval of area 2^-k, of every shape.
  constexpr uint32_t kPoints = 256;
  for (uint32_t wide = 0; wide <= 8; ++wide) {
    std::set<uint64_t> cells;
    for (uint32_t i = 0; i < kPoints; ++i) {
      const uint64_t x = uint64_t{sobol_bits(i, 0)} >> (32 - wide);
      const uint64_t y = uint64_t{sobol_bits(i, 1)} >> (32 - (8 - wide));
      cells.insert(x << 32 | y);
    }
    EXPECT_EQ(cells.size(), kPoints) << "2^" << wide << " columns";
  }
}

TEST(Sobol, OtherSeedsScrambleOtherwise) {
  EXPECT_NE(owen_scramble(0x12345678U, 1), owen_scramble(0x12345678U, 2));
}

}  // namespace
}  // namespace edgetran::space
