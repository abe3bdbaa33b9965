#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "data/bpe_vocabulary.h"
#include "data/tokenizer.h"

namespace edgetran::data {

struct BpeSettings {
  /// A text that does not begin with a blank gets one, so that its first word is cut as others are.
  bool add_prefix_space = false;
};

/// `text` as byte-level BPE reads it: without bytes that are not valid UTF-8, and with the blank
/// that the settings ask for. A view of `text` or of `copy`.
std::string_view bpe_text(std::string_view text, const BpeSettings& settings, std::string& copy);

/// Byte-level BPE (Radford et al., 2019; the tokenizer of GPT-2 and RoBERTa) over `vocabulary`:
/// words of GPT-2's pattern, each from its bytes by the merges, lowest rank first, leftmost among
/// equals. Ids equal those of Hugging Face's `tokenizers` (BPE with a ByteLevel pre-tokenizer). A
/// byte without an entry becomes the unknown token, which a complete alphabet never needs.
std::unique_ptr<Tokenizer> make_bpe(BpeVocabulary vocabulary, BpeSettings settings = {});

}  // namespace edgetran::data
