#include "data/bpe_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/byte_alphabet.h"
#include "data/characters.h"
#include "data/gpt2_words.h"
#include "data/pair_merger.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;

constexpr uint32_t kBytes = 256;

using WordCounts = std::unordered_map<std::string, int64_t>;

struct Counter final : WordSink {
  explicit Counter(WordCounts& out) : counts(out) {}
  void word(std::string_view word, size_t) override { ++counts[std::string(word)]; }
  WordCounts& counts;
};

void add_alphabet(PairMerger& merger) {
  std::vector<char32_t> characters;
  for (uint32_t byte = 0; byte < kBytes; ++byte)
    characters.push_back(byte_character(static_cast<uint8_t>(byte)));
  std::sort(characters.begin(), characters.end());
  for (const char32_t character : characters) {
    std::string text;
    append_utf8(text, character);
    merger.piece(text);
  }
}

std::vector<int32_t> pieces_of(const std::string& word, PairMerger& merger) {
  std::vector<int32_t> pieces;
  pieces.reserve(word.size());
  for (const char byte : word) pieces.push_back(merger.piece(written_bytes({&byte, 1})));
  return pieces;
}

}  // namespace

struct BpeTrainer::Impl {
  BpeTrainerSettings settings;
  WordCounts counts;
};

BpeTrainer::BpeTrainer(BpeTrainerSettings settings)
    : impl_(std::make_unique<Impl>(Impl{settings, {}})) {}
BpeTrainer::BpeTrainer(BpeTrainer&&) noexcept = default;
BpeTrainer& BpeTrainer::operator=(BpeTrainer&&) noexcept = default;
BpeTrainer::~BpeTrainer() = default;

void BpeTrainer::add(std::string_view text) {
  Counter counter(impl_->counts);
  std::string copy;
  split_gpt2(bpe_text(text, impl_->settings.bpe, copy), counter);
}

base::Result<BpeVocabulary> BpeTrainer::train() const {
  if (impl_->counts.empty())
    return fail(ErrorCategory::kUsage, "the text has no word to make a vocabulary from",
                "give a text file that is not empty");
  PairMerger merger(0);
  for (const std::string& special : roberta_special_names()) merger.piece(special);
  add_alphabet(merger);
  const auto least = static_cast<int64_t>(merger.entries().size());
  if (impl_->settings.vocabulary_size < least)
    return fail(ErrorCategory::kUsage,
                fmt::format("a vocabulary of {} entries is too small: special tokens and the 256 "
                            "bytes take {}",
                            impl_->settings.vocabulary_size, least),
                fmt::format("ask for at least {} entries", least));
  std::vector<std::pair<std::string, int64_t>> words(impl_->counts.begin(), impl_->counts.end());
  std::sort(words.begin(), words.end());
  for (const auto& [word, count] : words) merger.add_word(pieces_of(word, merger), count);
  merger.run(impl_->settings.vocabulary_size, impl_->settings.min_frequency);

  std::vector<BpeVocabulary::WrittenMerge> merges;
  for (const auto& [left, right] : merger.merges())
    merges.push_back({merger.entries()[static_cast<size_t>(left)],
                      merger.entries()[static_cast<size_t>(right)],
                      static_cast<int64_t>(merges.size()) + 1});
  return BpeVocabulary::make(merger.entries(), "trained vocabulary", merges, "trained merges",
                             "merge");
}

}  // namespace edgetran::data
