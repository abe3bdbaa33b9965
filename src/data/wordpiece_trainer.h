#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "data/basic_words.h"
#include "data/vocabulary.h"

namespace edgetran::data {

struct WordPieceTrainerSettings {
  BasicSettings basic{};
  int64_t vocabulary_size = 8000;
  int64_t min_frequency = 2;  ///< pairs seen less often are not merged
  int64_t alphabet_limit =
      1000;  ///< the most frequent characters are kept; words with others skipped
};

/// Makes a WordPiece vocabulary from text: words are counted, then the most frequent neighbouring
/// pair of pieces is merged until the vocabulary is full or no pair is frequent enough (Sennrich et
/// al., 2016, arXiv 1508.07909, with "##" continuations, as Hugging Face's WordPieceTrainer).
/// Deterministic: depends on the words and their counts only, ties go to the pieces that entered
/// the vocabulary first. Entries: special tokens, characters by code point, continuations by code
/// point, merged pieces by their order.
class WordPieceTrainer {
 public:
  explicit WordPieceTrainer(WordPieceTrainerSettings settings);
  WordPieceTrainer(WordPieceTrainer&&) noexcept;
  WordPieceTrainer& operator=(WordPieceTrainer&&) noexcept;
  ~WordPieceTrainer();

  /// Counts the words of a text.
  void add(std::string_view text);
  /// kUsage where no word was added or the alphabet alone does not fit into the vocabulary size.
  base::Result<Vocabulary> train() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgetran::data
