#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "data/tokenizer.h"

namespace edgetran::data {

/// Entries and merges of a byte-level BPE model, written in the byte alphabet (byte_alphabet.h).
/// Immutable; thread-safe.
class BpeVocabulary {
 public:
  /// Ids of two neighbouring pieces and of what they become; the rank is the index.
  struct Merge {
    int32_t left = 0, right = 0, merged = 0;
  };
  /// A merge as it is written, and where (for messages).
  struct WrittenMerge {
    std::string left, right;
    int64_t line = 0;
  };

  /// Reads GPT-2's pair of files. Errors (kUsage unless a file is missing), each with the file and
  /// what it holds there: text that is not JSON or UTF-8, an id twice, missing or out of range, an
  /// entry twice, a line of the merges that is no pair, a merge twice or with a part or a result
  /// that is no entry (both files, the line and the piece are named), and special tokens that are
  /// not there, by name. Files of more than 64 MiB or a million entries are refused.
  static base::Result<BpeVocabulary> load(const std::filesystem::path& vocab_json,
                                          const std::filesystem::path& merges_txt);
  /// The same on text; names for messages.
  static base::Result<BpeVocabulary> parse(std::string_view vocab_json, std::string_view vocab_name,
                                           std::string_view merges_txt,
                                           std::string_view merges_name);
  /// The same from parts; `entries` by id. `merge_word` says what a merge's number counts: "line".
  static base::Result<BpeVocabulary> make(std::vector<std::string> entries,
                                          std::string_view vocab_name,
                                          const std::vector<WrittenMerge>& merges,
                                          std::string_view merges_name,
                                          std::string_view merge_word = "line");

  int64_t size() const { return static_cast<int64_t>(entries_.size()); }
  const std::vector<std::string>& entries() const { return entries_; }
  const std::vector<Merge>& merges() const { return merges_; }
  const SpecialIds& special() const { return special_; }
  /// RoBERTa's where the special tokens are RoBERTa's.
  PairStyle pair_style() const;
  /// Ids of the 256 bytes; -1 where a byte has no entry.
  const std::vector<int32_t>& byte_ids() const { return byte_ids_; }
  /// vocab.json and merges.txt as GPT-2 writes them.
  std::string vocab_json() const;
  std::string merges_txt() const;

 private:
  BpeVocabulary() = default;
  std::vector<std::string> entries_;
  std::vector<Merge> merges_;
  std::vector<int32_t> byte_ids_;
  SpecialIds special_;
};

/// Entries of `vocabulary`, a JSON object from entry to id, by id; errors as BpeVocabulary::load.
base::Result<std::vector<std::string>> entries_by_id(const base::Json& vocabulary,
                                                     std::string_view name);

/// RoBERTa's special tokens, in its order: <s> <pad> </s> <unk> <mask>.
const std::vector<std::string>& roberta_special_names();

}  // namespace edgetran::data
