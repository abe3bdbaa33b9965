#include <algorithm>
#include <numeric>

#include "data/batching.h"

namespace edgetran::data {

int64_t Batch::valid_tokens() const {
  return std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
}

Batch collate(const TokenFile& file, std::span<const int64_t> rows, int64_t length_multiple) {
  EDGETRAN_CHECK(!rows.empty() && length_multiple >= 1, "a batch has rows and a length");
  Batch batch;
  batch.rows = static_cast<int64_t>(rows.size());
  for (const int64_t row : rows) batch.length = std::max(batch.length, file.length(row));
  batch.length = (batch.length + length_multiple - 1) / length_multiple * length_multiple;
  const auto size = static_cast<size_t>(batch.rows * batch.length);
  batch.ids.assign(size, file.info().special.pad);
  batch.types.assign(size, 0);
  batch.sources.assign(rows.begin(), rows.end());
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t row = rows[i];
    const auto ids = file.ids(row);
    const auto start = static_cast<ptrdiff_t>(i) * batch.length;
    const auto end = start + static_cast<ptrdiff_t>(ids.size());
    std::copy(ids.begin(), ids.end(), batch.ids.begin() + start);
    std::fill(batch.types.begin() + start + file.second_start(row), batch.types.begin() + end, 1);
    batch.lengths.push_back(static_cast<int32_t>(ids.size()));
    if (file.info().kind == Kind::kClassification) batch.labels.push_back(file.label(row));
    if (file.info().kind == Kind::kRegression) batch.scores.push_back(file.score(row));
  }
  return batch;
}

namespace {

template <class T>
std::vector<T> part_of(const std::vector<T>& values, int64_t begin, int64_t end) {
  if (values.empty()) return {};
  return {values.begin() + begin, values.begin() + end};
}

Batch rows_of(const Batch& batch, int64_t begin, int64_t end) {
  Batch piece;
  piece.rows = end - begin;
  piece.lengths = part_of(batch.lengths, begin, end);
  piece.labels = part_of(batch.labels, begin, end);
  piece.scores = part_of(batch.scores, begin, end);
  piece.sources = part_of(batch.sources, begin, end);
  piece.length = *std::max_element(piece.lengths.begin(), piece.lengths.end());
  for (int64_t row = begin; row < end; ++row) {
    const auto ids = batch.ids.begin() + row * batch.length;
    const auto types = batch.types.begin() + row * batch.length;
    piece.ids.insert(piece.ids.end(), ids, ids + piece.length);
    piece.types.insert(piece.types.end(), types, types + piece.length);
  }
  return piece;
}

}  // namespace

std::vector<Batch> split_batch(const Batch& batch, int64_t pieces) {
  EDGETRAN_CHECK(pieces >= 1, "a batch is cut into pieces");
  const int64_t count = std::min(pieces, batch.rows);
  std::vector<Batch> result;
  for (int64_t i = 0; i < count; ++i) {
    result.push_back(rows_of(batch, i * batch.rows / count, (i + 1) * batch.rows / count));
  }
  return result;
}

}  // namespace edgetran::data
