#include "data/wordpiece_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/characters.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;

// Longer ones are never matched whole by the tokenizer (WordPieceSettings::longest_word).
constexpr size_t kLongestWord = 100;

using WordCounts = std::unordered_map<std::string, int64_t>;

struct Counter final : WordSink {
  explicit Counter(WordCounts& out) : counts(out) {}
  void word(std::string_view word, size_t characters) override {
    if (characters <= kLongestWord) ++counts[std::string(word)];
  }
  WordCounts& counts;
};

struct Word {
  std::vector<int32_t> pieces;
  int64_t count = 0;
};

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

struct PairStatistics {
  int64_t count = 0;
  std::vector<uint32_t> words;  // every word that has or had the pair, maybe twice
};

struct Candidate {
  int64_t count;
  uint64_t pair;
  // For a max-heap: more frequent first, then the pieces of the smaller ids.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

// The pieces so far, and the state of the merging.
class Merger {
 public:
  base::Status start(const WordCounts& counts, const WordPieceTrainerSettings& settings);
  void run(const WordPieceTrainerSettings& settings);
  std::string vocabulary_text() const;

 private:
  int32_t piece(const std::string& text) {
    const auto [entry, added] = ids_.emplace(text, static_cast<int32_t>(entries_.size()));
    if (added) entries_.push_back(text);
    return entry->second;
  }
  void add_alphabet(const std::vector<std::pair<std::string, int64_t>>& words, int64_t limit);
  void add_word(const std::string& text, int64_t count);
  void change(int32_t left, int32_t right, int64_t by, uint32_t word);
  void merge(uint64_t pair);
  void merge_in_word(uint32_t index, int32_t left, int32_t right, int32_t merged);

  std::vector<std::string> entries_;
  std::unordered_map<std::string, int32_t> ids_;
  std::vector<Word> words_;
  std::unordered_map<uint64_t, PairStatistics> pairs_;
  std::priority_queue<Candidate> heap_;
};

void Merger::add_alphabet(const std::vector<std::pair<std::string, int64_t>>& words,
                          int64_t limit) {
  std::map<char32_t, int64_t> frequency;
  std::map<char32_t, bool> continues;
  for (const auto& [word, count] : words)
    for (size_t at = 0; at < word.size();) {
      const bool first = at == 0;
      const char32_t character = decode_utf8(word, at);
      frequency[character] += count;
      continues[character] = continues[character] || !first;
    }
  std::vector<std::pair<char32_t, int64_t>> ranked(frequency.begin(), frequency.end());
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  ranked.resize(std::min(ranked.size(), static_cast<size_t>(limit)));
  std::sort(ranked.begin(), ranked.end());
  for (const bool continuation : {false, true})
    for (const auto& [character, count] : ranked) {
      if (continuation && !continues[character]) continue;
      std::string text = continuation ? "##" : "";
      append_utf8(text, character);
      piece(text);
    }
}

void Merger::add_word(const std::string& text, int64_t count) {
  Word word{.pieces = {}, .count = count};
  for (size_t at = 0; at < text.size();) {
    std::string character = at == 0 ? "" : "##";
    append_utf8(character, decode_utf8(text, at));
    const auto found = ids_.find(character);
    if (found == ids_.end()) return;  // outside the alphabet: the tokenizer gives [UNK] for it
    word.pieces.push_back(found->second);
  }
  const auto index = static_cast<uint32_t>(words_.size());
  for (size_t i = 1; i < word.pieces.size(); ++i)
    change(word.pieces[i - 1], word.pieces[i], count, index);
  words_.push_back(std::move(word));
}

void Merger::change(int32_t left, int32_t right, int64_t by, uint32_t word) {
  PairStatistics& statistics = pairs_[pair_key(left, right)];
  statistics.count += by;
  if (by > 0) statistics.words.push_back(word);
}

base::Status Merger::start(const WordCounts& counts, const WordPieceTrainerSettings& settings) {
  if (counts.empty())
    return fail(ErrorCategory::kUsage, "the text has no word to make a vocabulary from",
                "give a text file that is not empty");
  for (const std::string& special : special_token_names()) piece(special);
  std::vector<std::pair<std::string, int64_t>> words(counts.begin(), counts.end());
  std::sort(words.begin(), words.end());
  add_alphabet(words, settings.alphabet_limit);
  if (static_cast<int64_t>(entries_.size()) > settings.vocabulary_size)
    return fail(
        ErrorCategory::kUsage,
        fmt::format(
            "a vocabulary of {} entries is too small: special tokens and characters take {}",
            settings.vocabulary_size, entries_.size()),
        fmt::format("ask for more than {} entries, or lower the alphabet limit", entries_.size()));
  for (const auto& [word, count] : words) add_word(word, count);
  for (const auto& [pair, statistics] : pairs_) heap_.push({statistics.count, pair});
  return {};
}

void Merger::run(const WordPieceTrainerSettings& settings) {
  const int64_t least = std::max<int64_t>(settings.min_frequency, 1);
  while (static_cast<int64_t>(entries_.size()) < settings.vocabulary_size && !heap_.empty()) {
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

void Merger::merge(uint64_t pair) {
  const auto left = static_cast<int32_t>(pair >> 32);
  const auto right = static_cast<int32_t>(pair & 0xFFFFFFFF);
  const int32_t merged = piece(entries_[static_cast<size_t>(left)] +
                               entries_[static_cast<size_t>(right)].substr(2));  // without "##"
  std::vector<uint32_t> words = std::move(pairs_.at(pair).words);
  pairs_.erase(pair);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  std::vector<uint64_t> touched;
  for (const uint32_t index : words) {
    merge_in_word(index, left, right, merged);
    const std::vector<int32_t>& pieces = words_[index].pieces;
    for (size_t i = 1; i < pieces.size(); ++i)
      if (pieces[i - 1] == merged || pieces[i] == merged)
        touched.push_back(pair_key(pieces[i - 1], pieces[i]));
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (const uint64_t key : touched) heap_.push({pairs_.at(key).count, key});
}

void Merger::merge_in_word(uint32_t index, int32_t left, int32_t right, int32_t merged) {
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

std::string Merger::vocabulary_text() const {
  std::string text;
  for (const std::string& entry : entries_) text += entry + '\n';
  return text;
}

}  // namespace

struct WordPieceTrainer::Impl {
  WordPieceTrainerSettings settings;
  BasicWords words;
  WordCounts counts;
};

WordPieceTrainer::WordPieceTrainer(WordPieceTrainerSettings settings)
    : impl_(std::make_unique<Impl>(Impl{settings, BasicWords(settings.basic), {}})) {}
WordPieceTrainer::WordPieceTrainer(WordPieceTrainer&&) noexcept = default;
WordPieceTrainer& WordPieceTrainer::operator=(WordPieceTrainer&&) noexcept = default;
WordPieceTrainer::~WordPieceTrainer() = default;

void WordPieceTrainer::add(std::string_view text) {
  Counter counter(impl_->counts);
  impl_->words.split(text, counter);
}

base::Result<Vocabulary> WordPieceTrainer::train() const {
  Merger merger;
  EDGETRAN_TRY(merger.start(impl_->counts, impl_->settings));
  merger.run(impl_->settings);
  return Vocabulary::parse(merger.vocabulary_text(), "trained vocabulary");
}

}  // namespace edgetran::data
