#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/tokenizer.h"

namespace edgetran::data {

/// The entries of a BERT vocabulary file: one a line, its id the line's number from 0.
/// Immutable; thread-safe.
class Vocabulary {
 public:
  /// Reads a `vocab.txt`. Line ends may be CRLF. Errors (kUsage unless the file is missing), each
  /// with file and line: an empty line, a repeated entry, invalid UTF-8, more than 16 MiB, and any
  /// of [PAD] [UNK] [CLS] [SEP] [MASK] that is not there, by name.
  static base::Result<Vocabulary> load(const std::filesystem::path& path);
  /// The same on text; `name` for messages.
  static base::Result<Vocabulary> parse(std::string_view text, std::string_view name);

  int64_t size() const { return static_cast<int64_t>(entries_.size()); }
  /// `id` in [0, size()).
  const std::string& entry(int32_t id) const;
  const std::vector<std::string>& entries() const { return entries_; }
  const SpecialIds& special() const { return special_; }
  /// The vocabulary as file text, one entry a line.
  std::string text() const;

 private:
  std::vector<std::string> entries_;
  SpecialIds special_;
};

/// The five special tokens as they are written in vocabularies, in the order of new ones.
const std::vector<std::string>& special_token_names();

}  // namespace edgetran::data
