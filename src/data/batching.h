#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/token_file.h"

namespace edgetran::data {

/// Rows made rectangular, ready for a model.
struct Batch {
  int64_t rows = 0;              ///< batch size
  int64_t length = 0;            ///< padded length
  std::vector<int32_t> ids;      ///< [rows, length]; [PAD] after a row's end
  std::vector<int32_t> types;    ///< [rows, length]; 0 or 1
  std::vector<int32_t> lengths;  ///< [rows]; valid positions, which come first
  std::vector<int32_t> labels;   ///< [rows] of a classification file, else empty
  std::vector<float> scores;     ///< [rows] of a regression file, else empty
  std::vector<int64_t> sources;  ///< [rows]; the row of the token file, or the block of the epoch

  /// Valid positions of all rows.
  int64_t valid_tokens() const;
};

/// Rows of `file` as a batch, padded to the longest of them, rounded up to `length_multiple`.
Batch collate(const TokenFile& file, std::span<const int64_t> rows, int64_t length_multiple = 1);

/// The batch cut into at most `pieces` (>= 1) runs of rows of equal number (to one), in their
/// order, each padded to its own longest row only; the length of a packed block stays.
std::vector<Batch> split_batch(const Batch& batch, int64_t pieces);

/// Where a reader stands: the next batch of an epoch. Saved in checkpoints.
struct BatchCursor {
  int64_t epoch = 0;
  int64_t position = 0;
  bool operator==(const BatchCursor&) const = default;
};

struct BatchSettings {
  int64_t rows = 32;  ///< at most so many rows a batch
  int64_t tokens =
      0;  ///< at most so many padded positions a batch (one row always fits); 0: no limit
  bool shuffle = true;  ///< false: all rows sorted by length, the same every epoch (evaluation)
  /// Rows are shuffled, then sorted by length within windows of so many batches: 128 keep padding
  /// under 5 % of the positions on short texts and still mix lengths over the epoch.
  int64_t window_batches = 128;
  int64_t length_multiple = 1;
};

/// Endless batches of rows of like length. Each epoch visits each row once. What next() returns
/// depends only on (lengths, settings, seed, cursor), so seek() resumes exactly.
class BatchSampler {
 public:
  /// `file` has at least one row and outlives the sampler.
  BatchSampler(const TokenFile& file, BatchSettings settings, uint64_t seed);
  BatchSampler(TokenFile&&, BatchSettings, uint64_t) = delete;  // would not outlive it

  Batch next();
  BatchCursor cursor() const { return cursor_; }
  /// A position at or past the epoch's end means the start of the next epoch.
  void seek(BatchCursor cursor);
  /// Batches of the current epoch (with a token limit epochs may differ).
  int64_t batches_in_epoch() const { return static_cast<int64_t>(starts_.size()) - 1; }
  /// Rows of batch `position` of the current epoch.
  std::span<const int64_t> batch_rows(int64_t position) const;
  /// Share of the current epoch's positions that are padding.
  double padding_share() const;

 private:
  void plan(int64_t epoch);
  std::vector<int64_t> cut(std::span<const int64_t> rows) const;
  const TokenFile* file_;
  BatchSettings settings_;
  uint64_t seed_;
  BatchCursor cursor_;
  std::vector<int64_t> order_;   // rows, batch after batch
  std::vector<int64_t> starts_;  // [batches + 1] into order_
};

struct BlockSettings {
  int64_t rows = 32;     ///< blocks a batch; always full
  int64_t length = 128;  ///< positions a block, at least 3
  bool shuffle = true;   ///< documents and blocks in a new order each epoch; false: as in the file
};

/// Endless batches of packed blocks of a text file, for masked language modelling. A block is
/// [CLS], length - 2 tokens, [SEP]; the tokens are the documents in the epoch's order, each
/// followed by [SEP], cut without gaps. The epoch's last block and batch go on from the epoch's
/// beginning, so there is no padding and no token is left out. Depends only on (file, settings,
/// seed, cursor).
class BlockSampler {
 public:
  /// `file` is of kText with at least one token and outlives the sampler.
  BlockSampler(const TokenFile& file, BlockSettings settings, uint64_t seed);
  BlockSampler(TokenFile&&, BlockSettings, uint64_t) = delete;  // would not outlive it

  Batch next();
  BatchCursor cursor() const { return cursor_; }
  void seek(BatchCursor cursor);
  int64_t blocks_in_epoch() const { return blocks_; }
  int64_t batches_in_epoch() const { return (blocks_ + settings_.rows - 1) / settings_.rows; }

 private:
  void plan(int64_t epoch);
  void fill_block(int64_t block, std::span<int32_t> out) const;
  const TokenFile* file_;
  BlockSettings settings_;
  uint64_t seed_;
  BatchCursor cursor_;
  int64_t stream_ = 0, blocks_ = 0;
  std::vector<int64_t> documents_;  // order of the epoch
  std::vector<int64_t> starts_;     // [documents + 1] in the epoch's stream
  std::vector<int64_t> order_;      // blocks, in the order they are given out
};

}  // namespace edgetran::data
