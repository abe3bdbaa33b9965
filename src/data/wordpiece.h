#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "data/basic_words.h"
#include "data/tokenizer.h"
#include "data/vocabulary.h"

namespace edgetran::data {

/// Begins a piece that goes on a word.
inline constexpr std::string_view kContinuation = "##";

/// How WordPiece cuts text. The defaults are those of "uncased" BERT models.
struct WordPieceSettings {
  BasicSettings basic{};
  /// Words of more characters become [UNK].
  size_t longest_word = 100;
};

/// WordPiece over `vocabulary` (Wu et al., 2016, arXiv 1609.08144, greedy longest match as in
/// BERT): ids equal those of Hugging Face's `tokenizers` with BertNormalizer and BertPreTokenizer.
std::unique_ptr<Tokenizer> make_wordpiece(Vocabulary vocabulary, WordPieceSettings settings = {});

/// make_wordpiece() of a `vocab.txt`; errors as Vocabulary::load.
base::Result<std::unique_ptr<Tokenizer>> load_wordpiece(const std::filesystem::path& vocabulary,
                                                        WordPieceSettings settings = {});

}  // namespace edgetran::data
