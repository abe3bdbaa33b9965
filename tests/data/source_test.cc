#include "data/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "data/wordnet.h"
#include "data_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using SourceTest = FolderTest;

// Lines as in WordNet's files, glosses of our own.
constexpr std::string_view kNoun =
    "  1 This line stands for the licence.\n"
    "00001740 03 n 01 thing 0 001 ~ 00001930 n 0000 | what is there; \"a thing | or two\"  \n"
    "00001930 05 n 02 cat 0 tom 1 000 | an animal that purrs  \n";
constexpr std::string_view kVerb =
    "00001740 29 v 01 rest 0 000 01 + 02 00 | do nothing  \n"
    "00002000 29 v 01 stay 0 000 01 + 02 00 | what is there; \"a thing | or two\"  \n";

TEST(WordNetLine, GivesFileNumberAndGloss) {
  const auto gloss = parse_gloss("00001930 05 n 01 cat 0 000 | it purrs; \"a | b\"  ");
  ASSERT_TRUE(gloss && *gloss);
  EXPECT_EQ((*gloss)->file_number, 5);
  EXPECT_EQ((*gloss)->text, "it purrs; \"a | b\"");
}
TEST(WordNetLine, SkipsLicenceAndBlankLines) {
  EXPECT_EQ(parse_gloss("  3 Permission | to use").value(), std::nullopt);
  EXPECT_EQ(parse_gloss("").value(), std::nullopt);
}
TEST(WordNetLine, RefusesWhatIsNoSynset) {
  for (const char* line : {"0001 45 n | g", "0001 -1 n | g", "0001 +5 n | g", "0001", "0001 5",
                           "0001 05 n no gloss", "0001 05 n |  "})
    EXPECT_EQ(parse_gloss(line).error().category, base::ErrorCategory::kCorrupt) << line;
}

TEST_F(SourceTest, WordNetClassesAreThoseThatOccur) {
  write("data.noun", kNoun);
  write("data.verb", kVerb);
  write("data.adj", "");
  write("data.adv", "");
  const auto seen = read_all(*make_wordnet_source({.folder = folder().string()}));
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(seen->label_names, ElementsAre("noun.03", "noun.05", "verb.29"));
  ASSERT_EQ(seen->rows.size(), 4U);
  EXPECT_EQ(seen->rows[1].first, "an animal that purrs");
  EXPECT_EQ(seen->rows[1].label, 1);
  EXPECT_EQ(seen->rows[0].first, seen->rows[3].first);
  EXPECT_EQ(seen->rows[0].split, seen->rows[3].split);
}
TEST_F(SourceTest, WithoutWordNetTheErrorSaysWhatToInstall) {
  const auto seen = read_all(*make_wordnet_source({.folder = (folder() / "none").string()}));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().category, base::ErrorCategory::kNotFound);
  EXPECT_THAT(seen.error().hint, HasSubstr("apt-get install wordnet-base"));
}
TEST_F(SourceTest, ABrokenWordNetLineIsNamed) {
  write("data.noun", "00001740 03 n 01 thing\n");
  EXPECT_THAT(read_all(*make_wordnet_source({.folder = folder().string()})).error().message,
              HasSubstr("data.noun:1: there is no gloss"));
}

TEST(WordNet, NoGlossIsInTwoSplits) {
  WordNetSettings settings;
  if (!std::filesystem::exists(settings.folder))
    GTEST_SKIP() << "WordNet (Debian's wordnet-base) is not installed";
  const auto seen = read_all(*make_wordnet_source(settings));
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->rows.size(), 117'659U);
  EXPECT_EQ(seen->label_names.size(), 45U);
  std::map<std::string_view, std::set<size_t>> splits;
  std::array<int, 3> rows{};
  for (const SeenRow& row : seen->rows) {
    splits[row.first].insert(row.split);
    ++rows[row.split];
  }
  for (const auto& [gloss, in] : splits) EXPECT_EQ(in.size(), 1U) << gloss;
  EXPECT_EQ(splits.size(), 117'659U - 626U);
  EXPECT_NEAR(rows[1], 5883, 300);  // 5 % and four standard errors of a binomial draw
  EXPECT_NEAR(rows[2], 5883, 300);
}
TEST(WordNet, AnotherSeedSplitsOtherwise) {
  if (!std::filesystem::exists(WordNetSettings().folder))
    GTEST_SKIP() << "WordNet (Debian's wordnet-base) is not installed";
  const auto one = read_all(*make_wordnet_source({.seed = 1}));
  const auto two = read_all(*make_wordnet_source({.seed = 2}));
  EXPECT_NE(one->rows, two->rows);
  EXPECT_EQ(one->rows, read_all(*make_wordnet_source({.seed = 1}))->rows);
}

TEST_F(SourceTest, BlankLinesSetDocumentsApart) {
  const auto file = write("t.txt", "one\ntwo\n \nthree\n\n\nfour\n");
  const auto seen = read_all(*make_text_source({.file = file.string(), .valid_share = 0}));
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(seen->rows,
              ElementsAre(SeenRow{0, "one\ntwo\n", "", 0, 0}, SeenRow{0, "three\n", "", 0, 0},
                          SeenRow{0, "four\n", "", 0, 0}));
}
TEST_F(SourceTest, WithoutBlankLinesEachLineIsADocument) {
  const auto file = write("t.txt", "one\ntwo\nthree");
  const auto seen = read_all(*make_text_source({.file = file.string(), .valid_share = 0}));
  EXPECT_THAT(seen->rows, ElementsAre(SeenRow{0, "one\n", "", 0, 0}, SeenRow{0, "two\n", "", 0, 0},
                                      SeenRow{0, "three", "", 0, 0}));
}
TEST_F(SourceTest, TheEndOfATextIsHeldOut) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "line\n";
  const auto seen =
      read_all(*make_text_source({.file = write("t.txt", text).string(), .valid_share = 0.02}));
  ASSERT_EQ(seen->rows.size(), 100U);
  EXPECT_EQ(seen->rows[97].split, 0U);
  EXPECT_EQ(seen->rows[98].split, 1U);
}
TEST_F(SourceTest, AValidationFileReplacesTheHeldOutEnd) {
  const auto seen = read_all(*make_text_source(
      {.file = write("t.txt", "a\nb\n").string(), .valid_file = write("v.txt", "c\n").string()}));
  EXPECT_THAT(seen->rows, ElementsAre(SeenRow{0, "a\n", "", 0, 0}, SeenRow{0, "b\n", "", 0, 0},
                                      SeenRow{1, "c\n", "", 0, 0}));
}
TEST_F(SourceTest, ATextOfOneDocumentIsAllTrainedOn) {
  const auto seen = read_all(*make_text_source({.file = write("t.txt", "only\n").string()}));
  EXPECT_THAT(seen->rows, ElementsAre(SeenRow{0, "only\n", "", 0, 0}));
}
TEST_F(SourceTest, EmptyAndBrokenTextsAreRefused) {
  EXPECT_THAT(read_all(*make_text_source({.file = write("e.txt", "\n").string()})).error().message,
              HasSubstr("the file is empty"));
  EXPECT_THAT(
      read_all(*make_text_source({.file = write("b.txt", "ab\xFF").string()})).error().message,
      HasSubstr("invalid UTF-8 at byte 2"));
}

base::Result<std::unique_ptr<DataSource>> configured(std::string_view yaml) {
  return make_source(base::ConfigValue::parse_yaml(yaml, "study.yaml").value());
}

TEST(SourceConfiguration, ReadsEverySource) {
  const auto wordnet = configured("source: wordnet\nseed: 4\n");
  ASSERT_TRUE(wordnet) << wordnet.error().message;
  EXPECT_EQ((*wordnet)->settings()["seed"], 4);
  const auto text = configured("source: text\nfile: a.txt\n");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ((*text)->kind(), Kind::kText);
  const auto table = configured("source: table\ntrain: a.csv\ntext: [one, two]\nscore: s\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ((*table)->kind(), Kind::kRegression);
  EXPECT_TRUE((*table)->pairs());
  EXPECT_THAT((*table)->splits(), ElementsAre("train"));
}
TEST(SourceConfiguration, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(configured("source: wordnot\n").error().message, HasSubstr("study.yaml:1:9"));
  EXPECT_THAT(configured("source: wordnet\nsed: 1\n").error().message, HasSubstr("sed"));
  EXPECT_THAT(configured("source: wordnet\ndev_share: 0.6\ntest_share: 0.5\n").error().message,
              HasSubstr("nothing to train on"));
  EXPECT_THAT(configured("source: table\ntrain: a.csv\ntext: t\n").error().message,
              HasSubstr("either 'label' or 'score'"));
  EXPECT_THAT(configured("source: table\ntext: t\nlabel: l\n").error().message,
              HasSubstr("names no file"));
}

}  // namespace
}  // namespace edgetran::data
