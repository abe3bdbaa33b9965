#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "data/bpe.h"
#include "data/tokenizer.h"

namespace edgetran::data {

/// Reads a Hugging Face tokenizer.json (parsed; `name` for messages) whose ids ours can give
/// exactly: BPE with a ByteLevel pre-tokenizer and no normalizer, or WordPiece with BertNormalizer
/// and BertPreTokenizer. Added tokens count as entries. How rows are put together is not taken from
/// the file (its post_processor): rows are [CLS] first [SEP] second [SEP] with the special tokens
/// of the vocabulary. Errors are kUsage and name the file and the part: those of the vocabulary,
/// and any part that would change ids in a way that is not built here (another model or
/// pre-tokenizer, dropout, byte_fallback, ...).
base::Result<std::unique_ptr<Tokenizer>> read_tokenizer_json(const base::Json& json,
                                                             std::string_view name);

/// The text of a tokenizer.json with this vocabulary, which `tokenizers.Tokenizer.from_file` and
/// read_tokenizer_json() read; its post_processor makes rows as encode_single() and encode_pair()
/// do. Equal for equal arguments.
std::string bpe_tokenizer_json(const BpeVocabulary& vocabulary, const BpeSettings& settings);

}  // namespace edgetran::data
