#include <algorithm>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "data/batching.h"

namespace edgetran::data {
namespace {

int64_t rounded_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

BatchSampler::BatchSampler(const TokenFile& file, BatchSettings settings, uint64_t seed)
    : file_(&file), settings_(settings), seed_(seed) {
  EDGETRAN_CHECK(file.rows() > 0, "an empty file has no batches");
  EDGETRAN_CHECK(settings.rows >= 1 && settings.tokens >= 0 && settings.window_batches >= 1 &&
                     settings.length_multiple >= 1,
                 "batch settings out of range");
  plan(0);
}

// Cuts rows, already in the order they are taken, into batches within the two limits.
std::vector<int64_t> BatchSampler::cut(std::span<const int64_t> rows) const {
  std::vector<int64_t> starts{0};
  int64_t longest = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    longest = std::max(longest, rounded_up(file_->length(rows[i]), settings_.length_multiple));
    const int64_t count = static_cast<int64_t>(i) - starts.back() + 1;
    const bool full = count > settings_.rows ||
                      (settings_.tokens > 0 && count > 1 && count * longest > settings_.tokens);
    if (!full) continue;
    starts.push_back(static_cast<int64_t>(i));
    longest = rounded_up(file_->length(rows[i]), settings_.length_multiple);
  }
  starts.push_back(static_cast<int64_t>(rows.size()));
  return starts;
}

void BatchSampler::plan(int64_t epoch) {
  const auto shorter = [this](int64_t a, int64_t b) { return file_->length(a) < file_->length(b); };
  std::vector<int64_t> rows(static_cast<size_t>(file_->rows()));
  std::iota(rows.begin(), rows.end(), 0);
  base::RandomStream stream =
      base::RandomStream(seed_, "batches").derive("epoch", static_cast<uint64_t>(epoch));
  if (settings_.shuffle) stream.shuffle(rows);
  const auto window = settings_.shuffle
                          ? std::min(rows.size(), static_cast<size_t>(settings_.window_batches) *
                                                      static_cast<size_t>(settings_.rows))
                          : rows.size();
  for (size_t at = 0; at < rows.size(); at += window)
    std::stable_sort(rows.begin() + static_cast<ptrdiff_t>(at),
                     rows.begin() + static_cast<ptrdiff_t>(std::min(at + window, rows.size())),
                     shorter);
  const std::vector<int64_t> starts = cut(rows);
  std::vector<int64_t> batches(starts.size() - 1);
  std::iota(batches.begin(), batches.end(), 0);
  if (settings_.shuffle) stream.shuffle(batches);  // short and long batches in no order
  order_.clear();
  starts_.assign(1, 0);
  for (const int64_t batch : batches) {
    const auto at = static_cast<size_t>(batch);
    order_.insert(order_.end(), rows.begin() + starts[at], rows.begin() + starts[at + 1]);
    starts_.push_back(static_cast<int64_t>(order_.size()));
  }
}

std::span<const int64_t> BatchSampler::batch_rows(int64_t position) const {
  EDGETRAN_CHECK(position >= 0 && position < batches_in_epoch(), "batch out of range");
  const auto at = static_cast<size_t>(position);
  return std::span(order_).subspan(static_cast<size_t>(starts_[at]),
                                   static_cast<size_t>(starts_[at + 1] - starts_[at]));
}

Batch BatchSampler::next() {
  Batch batch = collate(*file_, batch_rows(cursor_.position), settings_.length_multiple);
  seek({cursor_.epoch, cursor_.position + 1});
  return batch;
}

void BatchSampler::seek(BatchCursor cursor) {
  EDGETRAN_CHECK(cursor.epoch >= 0 && cursor.position >= 0, "a cursor is not negative");
  if (cursor.epoch != cursor_.epoch) plan(cursor.epoch);
  if (cursor.position >= batches_in_epoch()) {
    cursor = {cursor.epoch + 1, 0};
    plan(cursor.epoch);
  }
  cursor_ = cursor;
}

double BatchSampler::padding_share() const {
  int64_t padded = 0;
  for (int64_t batch = 0; batch < batches_in_epoch(); ++batch) {
    int64_t longest = 0;
    for (const int64_t row : batch_rows(batch)) longest = std::max(longest, file_->length(row));
    padded += rounded_up(longest, settings_.length_multiple) *
              static_cast<int64_t>(batch_rows(batch).size());
  }
  return 1.0 - static_cast<double>(file_->tokens()) / static_cast<double>(padded);
}

}  // namespace edgetran::data
