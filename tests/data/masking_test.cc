#include "data/masking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgetran::data {
namespace {

constexpr SpecialIds kSpecial{.pad = 0, .unknown = 100, .cls = 101, .separator = 102, .mask = 103};
constexpr int64_t kVocabulary = 1000;

// Rows of [CLS] 5 5 ... 5 [SEP], the last quarter of each padding.
Batch rows_of(int64_t rows, int64_t length) {
  Batch batch;
  batch.rows = rows;
  batch.length = length;
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t valid = length - length / 4;
    for (int64_t at = 0; at < length; ++at)
      batch.ids.push_back(at == 0           ? kSpecial.cls
                          : at + 1 < valid  ? 5
                          : at + 1 == valid ? kSpecial.separator
                                            : kSpecial.pad);
    batch.lengths.push_back(static_cast<int32_t>(valid));
  }
  return batch;
}

TEST(Masking, ChoosesTheShareOfEachRowsOrdinaryTokens) {
  Batch batch = rows_of(10, 128);  // 94 candidates a row
  const auto masked = mask_tokens(batch, kSpecial, kVocabulary, {}, 1, 0);
  std::vector<int> per_row(10);
  for (const int64_t at : masked.positions) ++per_row[static_cast<size_t>(at / 128)];
  EXPECT_THAT(per_row, testing::Each(14));  // round(0.15 * 94)
}

TEST(Masking, TargetsAreWhatStoodThereAndPositionsAscend) {
  Batch batch = rows_of(4, 64);
  const Batch before = batch;
  const auto masked = mask_tokens(batch, kSpecial, kVocabulary, {}, 1, 0);
  EXPECT_TRUE(std::is_sorted(masked.positions.begin(), masked.positions.end()));
  EXPECT_EQ(std::adjacent_find(masked.positions.begin(), masked.positions.end()),
            masked.positions.end());
  ASSERT_EQ(masked.positions.size(), masked.targets.size());
  Batch restored = batch;
  for (size_t i = 0; i < masked.positions.size(); ++i)
    restored.ids[static_cast<size_t>(masked.positions[i])] = masked.targets[i];
  EXPECT_EQ(restored.ids, before.ids);
  EXPECT_THAT(masked.targets, testing::Each(5));  // never a special token
}

TEST(Masking, EightyTenTenWithinFourStandardErrors) {
  int64_t total = 0, to_mask = 0, kept = 0;
  for (int64_t step = 0; step < 50; ++step) {
    Batch batch = rows_of(32, 128);
    for (const int64_t at : mask_tokens(batch, kSpecial, kVocabulary, {}, 3, step).positions) {
      const int32_t id = batch.ids[static_cast<size_t>(at)];
      ++total;
      to_mask += id == kSpecial.mask ? 1 : 0;
      kept += id == 5 ? 1 : 0;
      EXPECT_TRUE(id == kSpecial.mask || !kSpecial.contains(id));
    }
  }
  const auto n = static_cast<double>(total);
  const double kept_share = 0.1 + 0.1 / static_cast<double>(kVocabulary - 5);
  EXPECT_NEAR(static_cast<double>(to_mask) / n, 0.8, 4 * std::sqrt(0.8 * 0.2 / n));
  EXPECT_NEAR(static_cast<double>(kept) / n, kept_share,
              4 * std::sqrt(kept_share * (1 - kept_share) / n));
}

TEST(Masking, RandomTokensReachEveryOrdinaryId) {
  constexpr SpecialIds kLow{.pad = 0, .unknown = 1, .cls = 3, .separator = 4, .mask = 6};
  std::vector<int> seen(10);
  for (int64_t step = 0; step < 20; ++step) {
    Batch batch = rows_of(1, 128);
    mask_tokens(batch, kLow, 10, {.share = 1, .replace_by_mask = 0, .replace_by_random = 1}, 1,
                step);
    for (int32_t at = 0; at < batch.lengths[0]; ++at)
      if (const int32_t id = batch.ids[static_cast<size_t>(at)]; id < 10)
        ++seen[static_cast<size_t>(id)];
  }
  for (const int id : {2, 5, 7, 8, 9}) EXPECT_GT(seen[static_cast<size_t>(id)], 0) << id;
  for (const int id : {1, 3, 4, 6}) EXPECT_EQ(seen[static_cast<size_t>(id)], 0) << id;
}

TEST(Masking, AShortRowHasOneAndARowOfSpecialTokensNone) {
  Batch batch;
  batch.rows = 2;
  batch.length = 3;
  batch.ids = {101, 7, 102, 101, 102, 0};
  batch.lengths = {3, 2};
  EXPECT_THAT(mask_tokens(batch, kSpecial, kVocabulary, {}, 1, 0).positions,
              testing::ElementsAre(1));
}

TEST(Masking, DependsOnSeedAndStepOnly) {
  const auto run = [](uint64_t seed, int64_t step) {
    Batch batch = rows_of(4, 64);
    mask_tokens(batch, kSpecial, kVocabulary, {}, seed, step);
    return batch.ids;
  };
  EXPECT_EQ(run(1, 5), run(1, 5));
  EXPECT_NE(run(1, 5), run(1, 6));
  EXPECT_NE(run(1, 5), run(2, 5));
}

}  // namespace
}  // namespace edgetran::data
