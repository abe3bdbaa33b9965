#include "data/wordpiece_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/characters.h"
#include "data/pair_merger.h"
#include "data/wordpiece.h"

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

// The `limit` most frequent characters, alone and as continuations.
void add_alphabet(const std::vector<std::pair<std::string, int64_t>>& words, int64_t limit,
                  PairMerger& merger) {
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
      std::string text(continuation ? kContinuation : std::string_view());
      append_utf8(text, character);
      merger.piece(text);
    }
}

void add_word(const std::string& text, int64_t count, PairMerger& merger) {
  std::vector<int32_t> pieces;
  for (size_t at = 0; at < text.size();) {
    std::string character(at == 0 ? std::string_view() : kContinuation);
    append_utf8(character, decode_utf8(text, at));
    const auto found = merger.find(character);
    if (!found) return;  // outside the alphabet: the tokenizer gives [UNK] for it
    pieces.push_back(*found);
  }
  merger.add_word(std::move(pieces), count);
}

base::Status start(const WordCounts& counts, const WordPieceTrainerSettings& settings,
                   PairMerger& merger) {
  if (counts.empty())
    return fail(ErrorCategory::kUsage, "the text has no word to make a vocabulary from",
                "give a text file that is not empty");
  for (const std::string& special : special_token_names()) merger.piece(special);
  std::vector<std::pair<std::string, int64_t>> words(counts.begin(), counts.end());
  std::sort(words.begin(), words.end());
  add_alphabet(words, settings.alphabet_limit, merger);
  const auto entries = static_cast<int64_t>(merger.entries().size());
  if (entries > settings.vocabulary_size)
    return fail(
        ErrorCategory::kUsage,
        fmt::format(
            "a vocabulary of {} entries is too small: special tokens and characters take {}",
            settings.vocabulary_size, entries),
        fmt::format("ask for more than {} entries, or lower the alphabet limit", entries));
  for (const auto& [word, count] : words) add_word(word, count, merger);
  return {};
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
  PairMerger merger(kContinuation.size());
  EDGETRAN_TRY(start(impl_->counts, impl_->settings, merger));
  merger.run(impl_->settings.vocabulary_size, impl_->settings.min_frequency);
  std::string text;
  for (const std::string& entry : merger.entries()) text += entry + '\n';
  return Vocabulary::parse(text, "trained vocabulary");
}

}  // namespace edgetran::data
