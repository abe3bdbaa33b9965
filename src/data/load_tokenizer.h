#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "data/tokenizer.h"

namespace edgetran::data {

/// Names of a tokenizer's file in a model folder.
inline constexpr const char* kWordPieceFile = "vocab.txt";
inline constexpr const char* kTokenizerFile = "tokenizer.json";

/// A tokenizer with the file that a model folder keeps of it.
struct LoadedTokenizer {
  std::unique_ptr<Tokenizer> tokenizer;
  std::string file_name;  ///< kWordPieceFile or kTokenizerFile
  std::string text;       ///< what the file of that name holds
};

/// The tokenizer at `path`, whatever its kind:
/// - a WordPiece vocab.txt (any file that does not end in .json), read as "uncased" BERT models;
/// - a Hugging Face tokenizer.json;
/// - GPT-2's vocab.json with the merges.txt beside it, and `add_prefix_space` of the
///   tokenizer_config.json beside them, where there is one (else false);
/// - a folder with tokenizer.json, else with vocab.json and merges.txt, else with vocab.txt.
/// Errors: kNotFound, and those of the readers, each naming the file.
base::Result<LoadedTokenizer> load_tokenizer(const std::filesystem::path& path);

}  // namespace edgetran::data
