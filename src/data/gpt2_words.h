#pragma once

#include <string_view>

#include "data/basic_words.h"

namespace edgetran::data {

/// Cuts `text`, valid UTF-8, into the words of GPT-2's pattern (Radford et al., 2019):
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// that is, runs of letters, of numbers and of other characters, each with the blank before it;
/// English contractions apart; white space by itself. The words are views into `text` and put
/// together they are `text`. Classes are those of Unicode 16, as Hugging Face's `tokenizers`.
void split_gpt2(std::string_view text, WordSink& sink);

}  // namespace edgetran::data
