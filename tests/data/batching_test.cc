#include "data/batching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/random.h"
#include "data_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;

class BatchingTest : public FolderTest {
 protected:
  TokenFile rows_of(const std::vector<int64_t>& lengths) {
    return file_of_lengths(folder() / "rows.tokens", lengths);
  }
  TokenFile random_rows(int count) {
    base::RandomStream stream(5, "lengths");
    std::vector<int64_t> lengths;
    for (int i = 0; i < count; ++i) lengths.push_back(3 + static_cast<int64_t>(stream.below(60)));
    return rows_of(lengths);
  }
};

std::vector<int64_t> epoch_rows(BatchSampler& sampler) {
  std::vector<int64_t> rows;
  for (int64_t n = sampler.batches_in_epoch(); n > 0; --n)
    for (const int64_t row : sampler.next().sources) rows.push_back(row);
  return rows;
}

std::vector<int64_t> counted(int64_t n) {
  std::vector<int64_t> all(static_cast<size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TEST_F(BatchingTest, CollatePadsToTheLongestRow) {
  const TokenFile file = rows_of({2, 4});
  const Batch batch = collate(file, std::vector<int64_t>{1, 0});
  EXPECT_EQ(batch.rows, 2);
  EXPECT_EQ(batch.length, 4);
  EXPECT_THAT(batch.ids, ElementsAre(6, 6, 6, 6, 5, 5, 0, 0));
  EXPECT_THAT(batch.types, ElementsAre(0, 0, 1, 1, 0, 1, 0, 0));
  EXPECT_THAT(batch.lengths, ElementsAre(4, 2));
  EXPECT_THAT(batch.labels, ElementsAre(1, 0));
  EXPECT_THAT(batch.sources, ElementsAre(1, 0));
  EXPECT_EQ(batch.valid_tokens(), 6);
}

TEST_F(BatchingTest, CollateRoundsTheLengthUp) {
  EXPECT_EQ(collate(rows_of({5}), std::vector<int64_t>{0}, 8).length, 8);
}

TEST_F(BatchingTest, PiecesHoldTheRowsOfTheBatchWithTheirOwnPadding) {
  const TokenFile file = rows_of({2, 3, 5});
  const auto pieces = split_batch(collate(file, std::vector<int64_t>{0, 1, 2}), 2);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].rows, 1);
  EXPECT_THAT(pieces[0].ids, ElementsAre(5, 5));
  EXPECT_EQ(pieces[1].length, 5);
  EXPECT_THAT(pieces[1].ids, ElementsAre(6, 6, 6, 0, 0, 7, 7, 7, 7, 7));
  EXPECT_THAT(pieces[1].types, ElementsAre(0, 1, 1, 0, 0, 0, 0, 1, 1, 1));
  EXPECT_THAT(pieces[1].lengths, ElementsAre(3, 5));
  EXPECT_THAT(pieces[1].labels, ElementsAre(1, 2));
  EXPECT_THAT(pieces[1].sources, ElementsAre(1, 2));
  EXPECT_EQ(split_batch(collate(file, std::vector<int64_t>{0, 1}), 5).size(), 2U);
}

TEST_F(BatchingTest, AnEpochVisitsEveryRowOnce) {
  const TokenFile file = random_rows(500);
  BatchSampler sampler(file, {.rows = 16, .window_batches = 4}, 1);
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(sampler.cursor(), (BatchCursor{epoch, 0}));
    std::vector<int64_t> rows = epoch_rows(sampler);
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(rows, counted(500));
  }
}

TEST_F(BatchingTest, EpochsAndSeedsDiffer) {
  const TokenFile file = random_rows(200);
  BatchSampler one(file, {}, 1), two(file, {}, 2);
  const auto first = epoch_rows(one);
  EXPECT_NE(first, epoch_rows(one));
  EXPECT_NE(first, epoch_rows(two));
}

TEST_F(BatchingTest, SeekResumesExactly) {
  const TokenFile file = random_rows(300);
  const BatchSettings settings{.rows = 8, .tokens = 300, .window_batches = 3};
  BatchSampler whole(file, settings, 9);
  for (int i = 0; i < 120; ++i) {
    BatchSampler resumed(file, settings, 9);
    resumed.seek(whole.cursor());
    const Batch expected = whole.next();
    EXPECT_EQ(resumed.next().ids, expected.ids);
    EXPECT_EQ(resumed.cursor(), whole.cursor());
  }
  EXPECT_GE(whole.cursor().epoch, 1);
}

TEST_F(BatchingTest, APositionPastTheEndIsTheNextEpoch) {
  const TokenFile file = random_rows(30);
  BatchSampler sampler(file, {.rows = 10}, 1);
  sampler.seek({0, 3});
  EXPECT_EQ(sampler.cursor(), (BatchCursor{1, 0}));
}

TEST_F(BatchingTest, BothLimitsHold) {
  const TokenFile file = random_rows(400);
  BatchSampler sampler(file, {.rows = 12, .tokens = 256, .length_multiple = 4}, 2);
  int64_t fullest = 0;
  for (int64_t n = sampler.batches_in_epoch(); n > 0; --n) {
    const Batch batch = sampler.next();
    EXPECT_LE(batch.rows, 12);
    EXPECT_LE(batch.rows * batch.length, 256);
    EXPECT_EQ(batch.length % 4, 0);
    fullest = std::max(fullest, batch.rows * batch.length);
  }
  EXPECT_GT(fullest, 200);
}

TEST_F(BatchingTest, ARowOverTheTokenLimitComesAlone) {
  const TokenFile file = rows_of({50, 4, 4});
  BatchSampler sampler(file, {.tokens = 10, .shuffle = false}, 1);
  EXPECT_EQ(sampler.next().rows, 2);
  EXPECT_EQ(sampler.next().rows, 1);
  EXPECT_EQ(sampler.cursor().epoch, 1);
}

TEST_F(BatchingTest, WithoutShufflingRowsComeByLength) {
  const TokenFile file = rows_of({5, 3, 9, 3});
  BatchSampler sampler(file, {.rows = 2, .shuffle = false}, 1);
  EXPECT_THAT(epoch_rows(sampler), ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(epoch_rows(sampler), ElementsAre(1, 3, 0, 2));
}

TEST_F(BatchingTest, PaddingShareCountsPaddedPositions) {
  const TokenFile file = rows_of({2, 4});  // 8 positions, 6 of them valid
  EXPECT_DOUBLE_EQ(BatchSampler(file, {.rows = 2}, 1).padding_share(), 0.25);
}

TEST_F(BatchingTest, BucketsKeepPaddingUnderFivePercent) {
  const TokenFile file = random_rows(20'000);
  BatchSampler sampler(file, {.rows = 64}, 1);
  EXPECT_LT(sampler.padding_share(), 0.05);
  EXPECT_GT(BatchSampler(file, {.rows = 64, .window_batches = 1}, 1).padding_share(), 0.3);
}

TEST_F(BatchingTest, BlocksJoinDocumentsBySeparators) {
  const TokenFile file = text_of_lengths(folder() / "t.tokens", {3, 2});  // 10 11 12 | 13 14
  BlockSampler sampler(file, {.rows = 2, .length = 6, .shuffle = false}, 1);
  EXPECT_EQ(sampler.blocks_in_epoch(), 2);
  const Batch batch = sampler.next();
  EXPECT_THAT(batch.ids, ElementsAre(2, 10, 11, 12, 3, 3,    //
                                     2, 13, 14, 3, 10, 3));  // the end goes on from the beginning
  EXPECT_THAT(batch.lengths, ElementsAre(6, 6));
  EXPECT_THAT(batch.types, testing::Each(0));
  EXPECT_EQ(sampler.cursor(), (BatchCursor{1, 0}));
}

TEST_F(BatchingTest, ATextShorterThanABlockFillsItAgainAndAgain) {
  const TokenFile file = text_of_lengths(folder() / "t.tokens", {1});
  BlockSampler sampler(file, {.rows = 1, .length = 7}, 1);
  EXPECT_THAT(sampler.next().ids, ElementsAre(2, 10, 3, 10, 3, 10, 3));
}

TEST_F(BatchingTest, AnEpochOfBlocksHoldsEveryToken) {
  const TokenFile file = text_of_lengths(folder() / "t.tokens", {40, 7, 19, 1, 33, 120});
  BlockSampler sampler(file, {.rows = 3, .length = 9}, 4);
  std::map<int32_t, int> seen;
  std::vector<int32_t> first;
  for (int64_t n = sampler.batches_in_epoch(); n > 0; --n)
    for (const int32_t id : sampler.next().ids) {
      ++seen[id];
      first.push_back(id);
    }
  for (int32_t id = 10; id < 230; ++id) EXPECT_GE(seen[id], 1) << id;
  EXPECT_EQ(seen[0], 0);
  std::vector<int32_t> second;
  for (int64_t n = sampler.batches_in_epoch(); n > 0; --n)
    for (const int32_t id : sampler.next().ids) second.push_back(id);
  EXPECT_NE(first, second);
}

TEST_F(BatchingTest, BlocksResumeExactly) {
  const TokenFile file = text_of_lengths(folder() / "t.tokens", {40, 7, 19, 1, 33});
  BlockSampler whole(file, {.rows = 2, .length = 8}, 4);
  for (int i = 0; i < 40; ++i) {
    BlockSampler resumed(file, {.rows = 2, .length = 8}, 4);
    resumed.seek(whole.cursor());
    EXPECT_EQ(resumed.next().ids, whole.next().ids);
  }
}

}  // namespace
}  // namespace edgetran::data
