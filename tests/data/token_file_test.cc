#include "data/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/random.h"
#include "data_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using TokenFileTest = FolderTest;

TokenFileInfo small_info(Kind kind) {
  TokenFileInfo info;
  info.kind = kind;
  info.vocabulary_size = 20;
  info.special = {.pad = 0, .unknown = 1, .cls = 2, .separator = 3, .mask = 4};
  info.max_length = kind == Kind::kText ? 0 : 8;
  info.origin = {{"made", "by hand"}};
  return info;
}

// The words keep the bytes aligned, as a memory map does.
struct Bytes {
  explicit Bytes(std::string_view text) : words(text.size() / 8 + 1), size(text.size()) {
    std::memcpy(words.data(), text.data(), text.size());
  }
  std::span<const std::byte> span() const { return std::as_bytes(std::span(words)).first(size); }
  char* data() { return reinterpret_cast<char*>(words.data()); }
  std::vector<uint64_t> words;
  size_t size;
};

TEST_F(TokenFileTest, ClassificationRowsComeBack) {
  const auto path = folder() / "a.tokens";
  auto writer = TokenFileWriter::create(path, small_info(Kind::kClassification)).value();
  ASSERT_TRUE(writer.add_classified({.ids = {2, 7, 3}, .second_start = 3}, 1));
  ASSERT_TRUE(writer.add_classified({.ids = {2, 8, 3, 9, 3}, .second_start = 3}, 0));
  ASSERT_TRUE(writer.finish({"no", "yes"}));
  const auto file = TokenFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->rows(), 2);
  EXPECT_EQ(file->tokens(), 8);
  EXPECT_EQ(file->longest_row(), 5);
  EXPECT_THAT(file->ids(1), ElementsAre(2, 8, 3, 9, 3));
  EXPECT_EQ(file->second_start(1), 3);
  EXPECT_EQ(file->label(0), 1);
  EXPECT_EQ(file->label(1), 0);
  EXPECT_THAT(file->info().label_names, ElementsAre("no", "yes"));
  EXPECT_EQ(file->info().vocabulary_size, 20);
  EXPECT_EQ(file->info().special, small_info(Kind::kText).special);
  EXPECT_EQ(file->info().max_length, 8);
  EXPECT_EQ(file->info().origin["made"], "by hand");
}

TEST_F(TokenFileTest, RegressionRowsKeepTheirScores) {
  const auto path = folder() / "a.tokens";
  auto writer = TokenFileWriter::create(path, small_info(Kind::kRegression)).value();
  ASSERT_TRUE(writer.add_scored({.ids = {2, 3}, .second_start = 2}, 0.1F));
  ASSERT_TRUE(writer.finish());
  const auto file = TokenFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->score(0), 0.1F);
}

TEST_F(TokenFileTest, TextRowsHaveNoLimitAndEmptyOnesAreLeftOut) {
  const TokenFile file = text_of_lengths(folder() / "a.tokens", {3, 0, 2000});
  EXPECT_EQ(file.rows(), 2);
  EXPECT_EQ(file.length(1), 2000);
  EXPECT_EQ(file.second_start(0), 3);
}

TEST_F(TokenFileTest, AFileWithoutRowsIsWhole) {
  const TokenFile file = text_of_lengths(folder() / "a.tokens", {});
  EXPECT_EQ(file.rows(), 0);
}

TEST_F(TokenFileTest, NothingAppearsBeforeItIsFinished) {
  const auto path = folder() / "a.tokens";
  {
    auto writer = TokenFileWriter::create(path, small_info(Kind::kText)).value();
    ASSERT_TRUE(writer.add_text(std::vector<int32_t>{5, 6}));
  }
  EXPECT_EQ(TokenFile::open(path).error().category, base::ErrorCategory::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(folder()));
}

TEST_F(TokenFileTest, EveryTruncationIsRefused) {
  file_of_lengths(folder() / "a.tokens", {3, 5, 2});
  const std::string whole = base::read_file(folder() / "a.tokens").value();
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes bytes(std::string_view(whole).substr(0, size));
    const auto file = TokenFile::parse(bytes.span(), "cut");
    ASSERT_FALSE(file) << size;
    EXPECT_EQ(file.error().category, base::ErrorCategory::kCorrupt) << size;
  }
}

TEST_F(TokenFileTest, AnAcceptedDamagedFileIsStillSafeToRead) {
  file_of_lengths(folder() / "a.tokens", {3, 5, 2});
  const std::string whole = base::read_file(folder() / "a.tokens").value();
  base::RandomStream stream(1, "damage");
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes(whole);
    bytes.data()[stream.below(whole.size())] = static_cast<char>(stream.below(256));
    const auto file = TokenFile::parse(bytes.span(), "damaged");
    if (!file) continue;
    for (int64_t row = 0; row < file->rows(); ++row) {
      EXPECT_LE(file->second_start(row), file->length(row));
      EXPECT_LT(file->label(row), static_cast<int32_t>(file->info().label_names.size()));
      for (const int32_t id : file->ids(row)) EXPECT_LT(id, file->info().vocabulary_size);
    }
  }
}

// Overwrites the int32 or int64 at a byte position of a good file and gives the refusal.
template <class T>
std::string refusal(const std::filesystem::path& path, size_t position, T value) {
  Bytes bytes(base::read_file(path).value());
  std::memcpy(bytes.data() + position, &value, sizeof value);
  const auto file = TokenFile::parse(bytes.span(), "f");
  return file ? "accepted" : file.error().message;
}

// Rows of 3 and 5 ids: magic 0, ids 8, offsets 40, second starts 64, labels 72.
TEST_F(TokenFileTest, EveryArrayIsChecked) {
  const auto path = folder() / "a.tokens";
  file_of_lengths(path, {3, 5});
  EXPECT_THAT(refusal<int32_t>(path, 8, 1000), HasSubstr("not in the vocabulary"));
  EXPECT_THAT(refusal<int32_t>(path, 12, -1), HasSubstr("not in the vocabulary"));
  EXPECT_THAT(refusal<int64_t>(path, 40, 1), HasSubstr("do not cover"));
  EXPECT_THAT(refusal<int64_t>(path, 48, 9), HasSubstr("row 0 ends before"));
  EXPECT_THAT(refusal<int64_t>(path, 48, -3), HasSubstr("row 0 ends before"));
  EXPECT_THAT(refusal<int64_t>(path, 48, 1), HasSubstr("row 0 has 1 ids"));
  EXPECT_THAT(refusal<int64_t>(path, 56, std::numeric_limits<int64_t>::max()),
              HasSubstr("do not cover"));
  EXPECT_THAT(refusal<int32_t>(path, 64, 4), HasSubstr("second text outside"));
  EXPECT_THAT(refusal<int32_t>(path, 76, 3), HasSubstr("a label is not one of 3"));
}

TEST_F(TokenFileTest, ALaterVersionIsAUsageError) {
  file_of_lengths(folder() / "a.tokens", {3});
  std::string bytes = base::read_file(folder() / "a.tokens").value();
  bytes[bytes.find("edgetran.tokens/1") + 16] = '2';
  const auto file = TokenFile::open(write("later.tokens", bytes));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().category, base::ErrorCategory::kUsage);
  EXPECT_THAT(file.error().message, HasSubstr("format 'edgetran.tokens/2' is not known"));
}

TEST_F(TokenFileTest, AClaimOfATerabyteIsRefused) {
  file_of_lengths(folder() / "a.tokens", {3});
  std::string bytes = base::read_file(folder() / "a.tokens").value();
  const std::string claim = "\"rows\":1";
  const size_t at = bytes.find(claim);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, claim.size(), "\"rows\":99999999999");
  const uint64_t longer = 10;
  uint64_t length = 0;
  std::memcpy(&length, bytes.data() + bytes.size() - 16, sizeof length);
  length += longer;
  std::memcpy(bytes.data() + bytes.size() - 16, &length, sizeof length);
  EXPECT_THAT(TokenFile::open(write("claim.tokens", bytes)).error().message,
              HasSubstr("99999999999 rows and 3 tokens need"));
}

}  // namespace
}  // namespace edgetran::data
