#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "data/tokenizer.h"

namespace edgetran::data {

/// What a row of a data set carries beside its text.
enum class Kind { kClassification, kRegression, kText };

/// "classification", "regression", "text".
std::string_view kind_name(Kind kind);

/// What a token file says of itself.
struct TokenFileInfo {
  Kind kind = Kind::kText;
  std::vector<std::string> label_names;  ///< classification only, by label
  int64_t vocabulary_size = 0;
  SpecialIds special;
  int64_t max_length = 0;                    ///< limit that rows were cut to; for text 0
  base::Json origin = base::Json::object();  ///< input, split, tokenizer and their hashes
};

/// A read-only, memory-mapped token file, "edgetran.tokens/1" (layout: README.md of this folder).
/// Rows of labelled kinds carry [CLS] ... [SEP]; rows of kText are documents without special
/// tokens. Every bound, id and label is checked once by open(), so the accessors only index.
/// Thread-safe.
class TokenFile {
 public:
  /// Errors: kNotFound; kCorrupt for anything that is not a whole, consistent token file; kUsage
  /// for a version this program does not read.
  static base::Result<TokenFile> open(const std::filesystem::path& path);
  /// The same checks on bytes that the caller keeps alive and aligned to 8; `name` for messages.
  static base::Result<TokenFile> parse(std::span<const std::byte> bytes, std::string_view name);

  const TokenFileInfo& info() const { return info_; }
  int64_t rows() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  /// Ids of all rows together.
  int64_t tokens() const { return static_cast<int64_t>(ids_.size()); }
  /// Length of the longest row.
  int64_t longest_row() const { return longest_row_; }

  int64_t length(int64_t row) const;
  std::span<const int32_t> ids(int64_t row) const;
  /// Index in the row of the first id of type 1; its length where there is none.
  int32_t second_start(int64_t row) const;
  /// Class in [0, label_names.size()); kClassification only.
  int32_t label(int64_t row) const;
  /// Finite target; kRegression only.
  float score(int64_t row) const;

 private:
  TokenFile() = default;
  base::Status check_rows(std::string_view name);
  base::Status check_values(std::string_view name) const;
  std::unique_ptr<base::MappedFile> map_;
  TokenFileInfo info_;
  std::span<const int64_t> offsets_;        // [rows + 1]
  std::span<const int32_t> ids_;            // [tokens]
  std::span<const int32_t> second_starts_;  // [rows], empty for text
  std::span<const int32_t> labels_;         // [rows], classification
  std::span<const float> scores_;           // [rows], regression
  int64_t longest_row_ = 0;
};

/// Writes a token file row by row in constant memory (but 16 bytes a row); the file appears whole
/// or not at all.
class TokenFileWriter {
 public:
  /// `info.label_names` may be filled in later, by finish().
  static base::Result<TokenFileWriter> create(const std::filesystem::path& path,
                                              TokenFileInfo info);
  TokenFileWriter(TokenFileWriter&&) noexcept;
  TokenFileWriter& operator=(TokenFileWriter&&) noexcept;
  ~TokenFileWriter();

  base::Status add_text(std::span<const int32_t> ids);
  base::Status add_classified(const Encoding& row, int32_t label);
  base::Status add_scored(const Encoding& row, float score);
  int64_t rows() const;
  /// Writes the tables and puts the file in place. No further calls.
  base::Status finish(std::vector<std::string> label_names = {});

 private:
  struct Impl;
  explicit TokenFileWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgetran::data
