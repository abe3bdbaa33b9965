#include "data/pair_merger.h"

#include <algorithm>

namespace edgetran::data {
namespace {

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

int32_t PairMerger::piece(const std::string& text) {
  const auto [entry, added] = ids_.emplace(text, static_cast<int32_t>(entries_.size()));
  if (added) entries_.push_back(text);
  return entry->second;
}

std::optional<int32_t> PairMerger::find(const std::string& text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void PairMerger::add_word(std::vector<int32_t> pieces, int64_t count) {
  const auto index = static_cast<uint32_t>(words_.size());
  for (size_t i = 1; i < pieces.size(); ++i) change(pieces[i - 1], pieces[i], count, index);
  words_.push_back({std::move(pieces), count});
}

void PairMerger::change(int32_t left, int32_t right, int64_t by, uint32_t word) {
  Statistics& statistics = pairs_[pair_key(left, right)];
  statistics.count += by;
  if (by > 0) statistics.words.push_back(word);
}

void PairMerger::run(int64_t vocabulary_size, int64_t min_frequency) {
  for (const auto& [pair, statistics] : pairs_) heap_.push({statistics.count, pair});
  const int64_t least = std::max<int64_t>(min_frequency, 1);
  while (static_cast<int64_t>(entries_.size()) < vocabulary_size && !heap_.empty()) {
    const Candidate top = heap_.top();
    heap_.pop();
    const auto found = pairs_.find(top.pair);
    const int64_t count = found == pairs_.end() ? 0 : found->second.count;
    if (count != top.count) {
      // Counts of old pairs only fall; new pairs are pushed after their merge is complete.
      if (count >= least) heap_.push({count, top.pair});
      continue;
    }
    if (count < least) return;
    merge(top.pair);
  }
}

void PairMerger::merge(uint64_t pair) {
  const auto left = static_cast<int32_t>(pair >> 32);
  const auto right = static_cast<int32_t>(pair & 0xFFFFFFFF);
  const int32_t merged = piece(entries_[static_cast<size_t>(left)] +
                               entries_[static_cast<size_t>(right)].substr(prefix_bytes_));
  merges_.emplace_back(left, right);
  std::vector<uint32_t> words = std::move(pairs_.at(pair).words);
  pairs_.erase(pair);
  sort_unique(words);
  std::vector<uint64_t> touched;
  for (const uint32_t index : words) {
    merge_in_word(index, left, right, merged);
    const std::vector<int32_t>& pieces = words_[index].pieces;
    for (size_t i = 1; i < pieces.size(); ++i)
      if (pieces[i - 1] == merged || pieces[i] == merged)
        touched.push_back(pair_key(pieces[i - 1], pieces[i]));
  }
  sort_unique(touched);
  for (const uint64_t key : touched) heap_.push({pairs_.at(key).count, key});
}

void PairMerger::merge_in_word(uint32_t index, int32_t left, int32_t right, int32_t merged) {
  Word& word = words_[index];
  std::vector<int32_t> pieces;
  for (size_t i = 0; i < word.pieces.size(); ++i) {
    const bool both =
        i + 1 < word.pieces.size() && word.pieces[i] == left && word.pieces[i + 1] == right;
    pieces.push_back(both ? merged : word.pieces[i]);
    i += both ? 1 : 0;
  }
  if (pieces.size() == word.pieces.size()) return;
  for (size_t i = 1; i < word.pieces.size(); ++i)
    if (word.pieces[i - 1] != left || word.pieces[i] != right)
      change(word.pieces[i - 1], word.pieces[i], -word.count, index);
  word.pieces = std::move(pieces);
  for (size_t i = 1; i < word.pieces.size(); ++i)
    change(word.pieces[i - 1], word.pieces[i], word.count, index);
}

}  // namespace edgetran::data
