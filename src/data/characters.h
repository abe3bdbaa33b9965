#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace edgetran::data {

// Character classes of BERT's basic tokenisation (Devlin et al., 2019, and its reference
// tokenizer), as Hugging Face's `tokenizers` decides them: models are trained on its ids, so its
// choices are the ones to keep. It classifies by the Unicode 8 tables; characters that later
// versions added or moved keep their old class here, whatever the library at hand knows.

/// Decodes the character at `position` (< text.size()) and moves past it. An invalid byte gives
/// U+FFFD and moves by one.
char32_t decode_utf8(std::string_view text, size_t& position);

/// Appends `character` as UTF-8.
void append_utf8(std::string& text, char32_t character);

/// Removed by clean-up: NUL, U+FFFD, controls, format and private-use characters.
bool is_dropped(char32_t character);
/// Separates words (tab and line ends too).
bool is_space(char32_t character);
/// Chinese, Japanese and Korean ideographs, which become words of their own.
bool is_ideograph(char32_t character);
/// ASCII punctuation and symbols, and every Unicode punctuation: a word of its own.
bool is_punctuation(char32_t character);
/// Non-spacing marks, which accent stripping removes after canonical decomposition.
bool is_accent(char32_t character);
/// Unicode's letters (L) and numbers (N), as GPT-2's pattern uses them; of Unicode 16.
bool is_letter(char32_t character);
bool is_number(char32_t character);
/// False for the few characters whose canonical decomposition is newer than the models.
bool may_decompose(char32_t character);

}  // namespace edgetran::data
