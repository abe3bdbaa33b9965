#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "data/batching.h"

namespace edgetran::data {

BlockSampler::BlockSampler(const TokenFile& file, BlockSettings settings, uint64_t seed)
    : file_(&file), settings_(settings), seed_(seed) {
  EDGETRAN_CHECK(file.info().kind == Kind::kText && file.rows() > 0, "blocks are made from text");
  EDGETRAN_CHECK(settings.rows >= 1 && settings.length >= 3, "block settings out of range");
  stream_ = file.tokens() + file.rows();  // a [SEP] after each document
  blocks_ = (stream_ + settings.length - 3) / (settings.length - 2);
  plan(0);
}

void BlockSampler::plan(int64_t epoch) {
  base::RandomStream stream =
      base::RandomStream(seed_, "blocks").derive("epoch", static_cast<uint64_t>(epoch));
  documents_.resize(static_cast<size_t>(file_->rows()));
  std::iota(documents_.begin(), documents_.end(), 0);
  order_.resize(static_cast<size_t>(blocks_));
  std::iota(order_.begin(), order_.end(), 0);
  if (settings_.shuffle) {
    stream.shuffle(documents_);
    stream.shuffle(order_);
  }
  starts_.assign(1, 0);
  starts_.reserve(documents_.size() + 1);
  for (const int64_t document : documents_)
    starts_.push_back(starts_.back() + file_->length(document) + 1);
}

void BlockSampler::fill_block(int64_t block, std::span<int32_t> out) const {
  const SpecialIds& special = file_->info().special;
  out.front() = special.cls;
  out.back() = special.separator;
  int64_t position = block * (settings_.length - 2) % stream_;
  auto document = static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), position) -
                                      starts_.begin() - 1);
  for (size_t filled = 1; filled + 1 < out.size();) {
    const auto ids = file_->ids(documents_[document]);
    const auto offset = static_cast<size_t>(position - starts_[document]);
    const size_t count = std::min(ids.size() - offset, out.size() - 1 - filled);
    std::copy_n(ids.begin() + static_cast<ptrdiff_t>(offset), count,
                out.begin() + static_cast<ptrdiff_t>(filled));
    filled += count;
    if (filled + 1 == out.size()) return;
    out[filled++] = special.separator;
    document = (document + 1) % documents_.size();
    position = starts_[document];
  }
}

Batch BlockSampler::next() {
  Batch batch;
  batch.rows = settings_.rows;
  batch.length = settings_.length;
  const auto length = static_cast<size_t>(settings_.length);
  batch.ids.resize(static_cast<size_t>(settings_.rows) * length);
  batch.types.assign(batch.ids.size(), 0);
  batch.lengths.assign(static_cast<size_t>(settings_.rows), static_cast<int32_t>(length));
  for (size_t row = 0; row < static_cast<size_t>(settings_.rows); ++row) {
    const auto at = static_cast<size_t>(cursor_.position * settings_.rows) + row;
    batch.sources.push_back(order_[at % order_.size()]);
    fill_block(batch.sources.back(), std::span(batch.ids).subspan(row * length, length));
  }
  seek({cursor_.epoch, cursor_.position + 1});
  return batch;
}

void BlockSampler::seek(BatchCursor cursor) {
  EDGETRAN_CHECK(cursor.epoch >= 0 && cursor.position >= 0, "a cursor is not negative");
  if (cursor.position >= batches_in_epoch()) cursor = {cursor.epoch + 1, 0};
  if (cursor.epoch != cursor_.epoch) plan(cursor.epoch);
  cursor_ = cursor;
}

}  // namespace edgetran::data
