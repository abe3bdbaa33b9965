#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/philox.h"

namespace edgetran::base {
namespace {

using Counter = std::array<uint32_t, 4>;
using Key = std::array<uint32_t, 2>;

// The known answers that the authors publish with Random123 (kat_vectors, philox4x32 10).
TEST(Philox, MatchesPublishedKnownAnswers) {
  EXPECT_EQ(philox4x32(Counter{0, 0, 0, 0}, Key{0, 0}),
            (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32(Counter{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                       Key{0xffffffff, 0xffffffff}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32(Counter{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       Key{0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Fixed for ever: results on disk depend on them. Computed by an independent implementation.
TEST(RandomStream, ValuesAreFixedForEver) {
  RandomStream stream(42, "weights");
  EXPECT_EQ(stream.next_u64(), 0x637a2a75dffab543ULL);
  EXPECT_EQ(stream.next_u64(), 0x974eabe40a9a840cULL);
  EXPECT_EQ(stream.next_u64(), 0x373772dbd3cc506eULL);
  RandomStream child = stream.derive("layer", 3);
  EXPECT_EQ(child.next_u64(), 0xb2be954693aede05ULL);
  EXPECT_EQ(child.next_u64(), 0xcdb15ec9f73af816ULL);
}

TEST(RandomStream, SeedNameAndIndexEachMakeAnotherStream) {
  const uint64_t reference = RandomStream(1, "a").next_u64();
  EXPECT_NE(RandomStream(2, "a").next_u64(), reference);
  EXPECT_NE(RandomStream(1, "b").next_u64(), reference);
  const RandomStream parent(1, "a");
  EXPECT_NE(parent.derive("x", 0).next_u64(), parent.derive("x", 1).next_u64());
  EXPECT_NE(parent.derive("x", 0).next_u64(), parent.derive("y", 0).next_u64());
}

TEST(RandomStream, DerivingNeitherAdvancesNorDependsOnThePosition) {
  RandomStream used(7, "s");
  RandomStream fresh(7, "s");
  used.normal();
  used.next_u64();
  EXPECT_EQ(used.derive("d", 5).next_u64(), fresh.derive("d", 5).next_u64());
  fresh.normal();
  fresh.next_u64();
  EXPECT_EQ(used.next_u64(), fresh.next_u64());
}

TEST(RandomStream, NoTwoOfManyDerivedStreamsAgree) {
  const RandomStream parent(3, "p");
  std::vector<uint64_t> firsts;
  for (uint64_t i = 0; i < 20'000; ++i) firsts.push_back(parent.derive("trial", i).next_u64());
  std::sort(firsts.begin(), firsts.end());
  EXPECT_EQ(std::adjacent_find(firsts.begin(), firsts.end()), firsts.end());
}

TEST(RandomStream, StateRestoresEveryPositionExactly) {
  for (int draws = 0; draws < 5; ++draws) {
    for (const bool with_spare : {false, true}) {
      RandomStream stream(11, "state");
      for (int i = 0; i < draws; ++i) stream.next_u64();
      if (with_spare) stream.normal();
      RandomStream restored = RandomStream::from_state(stream.state());
      for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(restored.normal(), stream.normal()) << draws;
        EXPECT_EQ(restored.next_u64(), stream.next_u64()) << draws;
      }
    }
  }
}

TEST(RandomStream, UniformStaysInItsHalfOpenInterval) {
  RandomStream stream(5, "uniform");
  for (int i = 0; i < 10'000; ++i) {
    const double unit = stream.uniform();
    EXPECT_TRUE(unit >= 0 && unit < 1) << unit;
    // Two neighbouring doubles: rounding must not give the upper one.
    EXPECT_EQ(stream.uniform(1.0, std::nextafter(1.0, 2.0)), 1.0);
  }
}

TEST(RandomStream, BelowIsUniformByChiSquare) {
  RandomStream stream(6, "below");
  constexpr int kCells = 10;
  constexpr int kDraws = 100'000;
  std::array<double, kCells> counts{};
  for (int i = 0; i < kDraws; ++i) counts[stream.below(kCells)] += 1;
  const double expected = static_cast<double>(kDraws) / kCells;
  double statistic = 0;
  for (double count : counts) statistic += (count - expected) * (count - expected) / expected;
  EXPECT_LT(statistic, 27.88);  // 0.999 quantile at 9 degrees of freedom
}

TEST(RandomStream, BelowHasNoBiasAtAnAwkwardBound) {
  // With bound 3·2^62 plain scaling would give the first third of the results half of the draws.
  RandomStream stream(8, "bias");
  constexpr uint64_t kBound = 3ULL << 62;
  int low = 0;
  constexpr int kDraws = 30'000;
  for (int i = 0; i < kDraws; ++i) low += stream.below(kBound) % 3 == 0 ? 1 : 0;
  EXPECT_NEAR(low, kDraws / 3, 5 * std::sqrt(kDraws * 2.0 / 9.0));
}

TEST(RandomStream, NormalHasTheMomentsOfANormal) {
  RandomStream stream(9, "normal");
  constexpr int kDraws = 200'000;
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.normal();
    sum += value;
    squares += value * value;
    fourths += value * value * value * value;
  }
  // Five standard errors: var(x) = 1, var(x²) = 2, var(x⁴) = 96.
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourths / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
}

TEST(RandomStream, BernoulliIsCertainAtItsEnds) {
  RandomStream stream(10, "bernoulli");
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(stream.bernoulli(0));
    EXPECT_TRUE(stream.bernoulli(1));
  }
}

TEST(RandomStream, PermutationHoldsEachIndexOnceAndIsWhatShuffleGives) {
  RandomStream stream(12, "permutation");
  RandomStream same = stream;
  const std::vector<int64_t> order = stream.permutation(100);
  std::vector<int64_t> shuffled(100);
  std::iota(shuffled.begin(), shuffled.end(), 0);
  const std::vector<int64_t> identity = shuffled;
  EXPECT_TRUE(std::is_permutation(order.begin(), order.end(), identity.begin()));
  EXPECT_NE(order, identity);
  same.shuffle(shuffled);
  EXPECT_EQ(shuffled, order);
}

TEST(RandomStream, AllPermutationsOfThreeAreEquallyLikely) {
  RandomStream stream(13, "small");
  std::array<int, 27> counts{};
  constexpr int kDraws = 60'000;
  for (int i = 0; i < kDraws; ++i) {
    const auto p = stream.permutation(3);
    ++counts[static_cast<size_t>(p[0] * 9 + p[1] * 3 + p[2])];
  }
  for (int count : counts) {
    if (count == 0) continue;
    EXPECT_NEAR(count, kDraws / 6, 5 * std::sqrt(kDraws * 5.0 / 36.0));
  }
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 21);
}

}  // namespace
}  // namespace edgetran::base
