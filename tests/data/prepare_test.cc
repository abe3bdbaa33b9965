#include "data/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PrepareTest : public FolderTest {
 protected:
  std::unique_ptr<DataSource> table(std::string_view text) {
    return make_table_source({.splits = {{"train", write("a.csv", text).string()}},
                              .text_columns = {"text"},
                              .label_column = "label"});
  }
  PrepareSettings settings() { return {.cache_folder = folder() / "cache", .max_length = 8}; }
  std::unique_ptr<Tokenizer> tokenizer_ = small_tokenizer();
};

constexpr std::string_view kRows = "text,label\nthe cats,x\nunaffable,y\n";

TEST_F(PrepareTest, LabelledRowsGetSpecialTokens) {
  const auto prepared = prepare(*table(kRows), *tokenizer_, settings());
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_FALSE(prepared->from_cache);
  const auto file = TokenFile::open(prepared->file("train")).value();
  EXPECT_THAT(file.ids(0), ElementsAre(2, 5, 9, 10, 3));
  EXPECT_THAT(file.ids(1), ElementsAre(2, 6, 7, 8, 3));
  EXPECT_EQ(file.label(1), 1);
  EXPECT_THAT(file.info().label_names, ElementsAre("x", "y"));
  EXPECT_EQ(file.info().origin["split"], "train");
  EXPECT_TRUE(prepared->file("none").empty());
}

TEST_F(PrepareTest, ALabelledSourceReadsAsTextToo) {
  PrepareSettings as_text = settings();
  as_text.as_text = true;
  const auto prepared = prepare(*table(kRows), *tokenizer_, as_text);
  ASSERT_TRUE(prepared) << prepared.error().message;
  const auto file = TokenFile::open(prepared->file("train")).value();
  EXPECT_EQ(file.info().kind, Kind::kText);
  EXPECT_THAT(file.ids(0), ElementsAre(5, 9, 10));
}

TEST_F(PrepareTest, TheSecondTimeComesFromTheCache) {
  const auto first = prepare(*table(kRows), *tokenizer_, settings());
  const auto again = prepare(*table(kRows), *tokenizer_, settings());
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(again->from_cache);
  EXPECT_EQ(again->file("train"), first->file("train"));
}

TEST_F(PrepareTest, WhateverChangesTheIdsChangesTheFile) {
  const auto first = prepare(*table(kRows), *tokenizer_, settings())->file("train");
  const auto bytes = prepare(*table("text,label\nthe cat,x\na,y\n"), *tokenizer_, settings());
  EXPECT_NE(bytes->file("train"), first);
  PrepareSettings shorter = settings();
  shorter.max_length = 4;
  EXPECT_NE(prepare(*table(kRows), *tokenizer_, shorter)->file("train"), first);
  const auto cased = make_wordpiece(Vocabulary::parse(kSmallVocabulary, "v").value(),
                                    {.basic = {.lower_case = false}});
  EXPECT_NE(prepare(*table(kRows), *cased, settings())->file("train"), first);
}

TEST_F(PrepareTest, ADamagedCacheFileIsMadeAgain) {
  const auto file = prepare(*table(kRows), *tokenizer_, settings())->file("train");
  const std::string good = base::read_file(file).value();
  std::ofstream(file, std::ios::binary) << good.substr(0, good.size() / 2);
  const auto again = prepare(*table(kRows), *tokenizer_, settings());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->from_cache);
  EXPECT_EQ(base::read_file(file).value(), good);
}

TEST_F(PrepareTest, AFailureLeavesNoFile) {
  ASSERT_FALSE(prepare(*table("text,label\nthe,x\na,y\nb,\n"), *tokenizer_, settings()));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder() / "cache"))
    EXPECT_TRUE(entry.is_directory()) << entry.path();
}

TEST_F(PrepareTest, ARowLengthWithoutRoomIsRefused) {
  PrepareSettings tiny = settings();
  tiny.max_length = 1;
  EXPECT_THAT(prepare(*table(kRows), *tokenizer_, tiny).error().message,
              HasSubstr("a row length of 1 is too small"));
}

TEST_F(PrepareTest, ATextWithoutAWordIsRefused) {
  const auto source = make_text_source({.file = write("t.txt", "\xE2\x80\x8B\n").string()});
  EXPECT_THAT(prepare(*source, *tokenizer_, settings()).error().message, HasSubstr("holds a word"));
}

TEST_F(PrepareTest, AVocabularyIsTrainedOnceOnTheFirstSplit) {
  TableSettings two{.splits = {{"train", write("a.csv", kRows).string()},
                               {"dev", write("b.csv", "text,label\nzzz,x\n").string()}},
                    .text_columns = {"text"},
                    .label_column = "label"};
  const auto source = make_table_source(two);
  const auto file = prepare_vocabulary(*source, {.vocabulary_size = 40}, folder() / "cache");
  ASSERT_TRUE(file) << file.error().message;
  const Vocabulary vocabulary = Vocabulary::load(*file).value();
  EXPECT_THAT(vocabulary.text(), testing::Not(HasSubstr("z")));
  const auto written = std::filesystem::last_write_time(*file);
  EXPECT_EQ(prepare_vocabulary(*source, {.vocabulary_size = 40}, folder() / "cache").value(),
            *file);
  EXPECT_EQ(std::filesystem::last_write_time(*file), written);
  EXPECT_NE(prepare_vocabulary(*source, {.vocabulary_size = 41}, folder() / "cache").value(),
            *file);
}

TEST_F(PrepareTest, TsvHasARowALine) {
  ASSERT_TRUE(write_tsv(*table("text,label\n\"a\tb\nc\",x\nd,y\n"), folder() / "out"));
  EXPECT_EQ(base::read_file(folder() / "out" / "train.tsv").value(), "a b c\tx\nd\ty\n");
}

}  // namespace
}  // namespace edgetran::data
