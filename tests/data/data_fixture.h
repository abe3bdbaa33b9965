#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "data/source.h"
#include "data/token_file.h"
#include "data/wordpiece.h"

namespace edgetran::data {

/// A small uncased vocabulary: ids 0 to 4 are special, the rest as listed.
inline constexpr std::string_view kSmallVocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nun\n##aff\n##able\ncat\n##s\n.\n,\n中\ncafe\na\n##"
    "b\n";

inline std::unique_ptr<Tokenizer> small_tokenizer() {
  auto vocabulary = Vocabulary::parse(kSmallVocabulary, "small");
  return make_wordpiece(std::move(vocabulary).value());
}

/// A test with a folder of its own.
class FolderTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, std::string_view text) {
    const auto path = folder() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  base::TemporaryFolder folder_ = base::TemporaryFolder::create("edgetran-data").value();
};

/// A row as it was visited.
struct SeenRow {
  size_t split;
  std::string first, second;
  int32_t label;
  float score;
  bool operator==(const SeenRow&) const = default;
};

struct SeenSource {
  std::vector<SeenRow> rows;
  std::vector<std::string> label_names;
};

inline base::Result<SeenSource> read_all(const DataSource& source) {
  SeenSource seen;
  auto names = source.read([&](size_t split, const SourceRow& row) -> base::Status {
    seen.rows.push_back(
        {split, std::string(row.first), std::string(row.second), row.label, row.score});
    return {};
  });
  if (!names) return base::fail(names.error());
  seen.label_names = std::move(*names);
  return seen;
}

/// Writes a classification file whose row i has `lengths[i]` ids and label i % 3, and opens it.
inline TokenFile file_of_lengths(const std::filesystem::path& path,
                                 const std::vector<int64_t>& lengths) {
  TokenFileInfo info;
  info.kind = Kind::kClassification;
  info.vocabulary_size = 1000;
  info.special = {.pad = 0, .unknown = 1, .cls = 2, .separator = 3, .mask = 4};
  info.max_length = 1000;
  auto writer = TokenFileWriter::create(path, info).value();
  for (size_t i = 0; i < lengths.size(); ++i) {
    Encoding row;
    row.ids.assign(static_cast<size_t>(lengths[i]), static_cast<int32_t>(5 + i % 900));
    row.second_start = static_cast<int32_t>(lengths[i] / 2);
    EXPECT_TRUE(writer.add_classified(row, static_cast<int32_t>(i % 3)));
  }
  EXPECT_TRUE(writer.finish({"x", "y", "z"}));
  return TokenFile::open(path).value();
}

/// Writes a text file of documents with ids 10, 11, ... counted through, and opens it.
inline TokenFile text_of_lengths(const std::filesystem::path& path,
                                 const std::vector<int64_t>& lengths) {
  TokenFileInfo info;
  info.vocabulary_size = 100'000;
  info.special = {.pad = 0, .unknown = 1, .cls = 2, .separator = 3, .mask = 4};
  auto writer = TokenFileWriter::create(path, info).value();
  int32_t next = 10;
  for (const int64_t length : lengths) {
    std::vector<int32_t> ids(static_cast<size_t>(length));
    std::iota(ids.begin(), ids.end(), next);
    next += static_cast<int32_t>(length);
    EXPECT_TRUE(writer.add_text(ids));
  }
  EXPECT_TRUE(writer.finish());
  return TokenFile::open(path).value();
}

}  // namespace edgetran::data
