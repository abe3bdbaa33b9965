#include "data/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/basic_words.h"
#include "data_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> words(std::string_view text, BasicSettings settings = {}) {
  struct Collector final : WordSink {
    void word(std::string_view word, size_t) override { all.emplace_back(word); }
    std::vector<std::string> all;
  } sink;
  BasicWords(settings).split(text, sink);
  return sink.all;
}

TEST(BasicWords, PunctuationStandsAlone) {
  EXPECT_THAT(words("Don't, $5!"), ElementsAre("don", "'", "t", ",", "$", "5", "!"));
}
TEST(BasicWords, AccentsGoAndCaseFolds) {
  EXPECT_THAT(words("ÉCOLE e\xCC\x81t\xC3\xA9 İ Å"), ElementsAre("ecole", "ete", "i", "a"));
}
TEST(BasicWords, CasedTextKeepsAccentsAndCase) {
  EXPECT_THAT(words("École", {.lower_case = false, .strip_accents = false}), ElementsAre("École"));
}
TEST(BasicWords, LoweringWithoutStrippingKeepsTheDotOfTurkishI) {
  EXPECT_THAT(words("İ", {.lower_case = true, .strip_accents = false}), ElementsAre("i\xCC\x87"));
}
TEST(BasicWords, IdeographsAreWordsOfTheirOwn) {
  EXPECT_THAT(words("ab中文c"), ElementsAre("ab", "中", "文", "c"));
}
TEST(BasicWords, ControlsVanishAndBlanksOfAllKindsSeparate) {
  EXPECT_THAT(words(std::string_view("a\0b\x01 c\t\xE2\x80\x8B"
                                     "d\xC2\xA0"
                                     "e\xE3\x80\x80"
                                     "f\xE2\x80\xA8g",
                                     22)),
              ElementsAre("ab", "c", "d", "e", "f", "g"));
}
TEST(BasicWords, InvalidBytesAreDropped) {
  EXPECT_THAT(words("a\xFF\xC3 b\xE4\xB8"), ElementsAre("a", "b"));
}

TEST(WordPiece, TakesTheLongestPieceFirst) {
  EXPECT_THAT(small_tokenizer()->encode("unaffable cats"), ElementsAre(6, 7, 8, 9, 10));
}
TEST(WordPiece, AWordWithAnUnknownPartIsOneUnknown) {
  EXPECT_THAT(small_tokenizer()->encode("unaffableq the"), ElementsAre(1, 5));
}
TEST(WordPiece, SpecialTokensInTextAreOnlyText) {
  EXPECT_THAT(small_tokenizer()->encode("[CLS]"), ElementsAre(1, 1, 1));
}
TEST(WordPiece, AWordOfOneHundredCharactersIsCutAndALongerOneIsNot) {
  const auto tokenizer = small_tokenizer();
  EXPECT_EQ(tokenizer->encode("a" + std::string(99, 'b')).size(), 100U);
  EXPECT_THAT(tokenizer->encode("a" + std::string(100, 'b')), ElementsAre(1));
}
TEST(WordPiece, NothingComesFromNothing) {
  EXPECT_THAT(small_tokenizer()->encode(" \t\n"), IsEmpty());
}
TEST(WordPiece, HashTellsSettingsApart) {
  const auto vocabulary = Vocabulary::parse(kSmallVocabulary, "small").value();
  const auto cased = make_wordpiece(vocabulary, {.basic = {.lower_case = false}});
  EXPECT_EQ(make_wordpiece(vocabulary)->content_hash(), small_tokenizer()->content_hash());
  EXPECT_NE(cased->content_hash(), small_tokenizer()->content_hash());
}

TEST(Encode, OneTextIsCutToTheRow) {
  const Encoding row = encode_single(*small_tokenizer(), "the cat the cat", 5);
  EXPECT_THAT(row.ids, ElementsAre(2, 5, 9, 5, 3));
  EXPECT_EQ(row.second_start, 5);
}
TEST(Encode, APairCarriesTheStartOfItsSecondText) {
  const Encoding row = encode_pair(*small_tokenizer(), "the cat", "cats", 16);
  EXPECT_THAT(row.ids, ElementsAre(2, 5, 9, 3, 9, 10, 3));
  EXPECT_EQ(row.second_start, 4);
}
TEST(Encode, TheLongerTextOfAPairIsCutFirst) {
  const Encoding row = encode_pair(*small_tokenizer(), "the the the the the", "cat", 7);
  EXPECT_THAT(row.ids, ElementsAre(2, 5, 5, 5, 3, 9, 3));
}

TEST(Vocabulary, NamesEveryMissingSpecialToken) {
  const auto read = Vocabulary::parse("[PAD]\n[UNK]\n[SEP]\nthe\n", "v.txt");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().category, base::ErrorCategory::kUsage);
  EXPECT_EQ(read.error().message, "v.txt: the vocabulary of 4 entries has no [CLS], [MASK]");
}
TEST(Vocabulary, PointsAtBothLinesOfARepeatedEntry) {
  const auto read = Vocabulary::parse("[PAD]\nthe\ncat\nthe\n", "v.txt");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "v.txt:4: the entry 'the' stands already on line 2");
}
TEST(Vocabulary, RefusesAnEmptyLineAndBadUtf8) {
  EXPECT_THAT(Vocabulary::parse("[PAD]\n\nthe\n", "v").error().message, HasSubstr("v:2"));
  EXPECT_THAT(Vocabulary::parse("[PAD]\n\xFFthe\n", "v").error().message, HasSubstr("byte 6"));
}
TEST(Vocabulary, ReadsWindowsLineEndsAndALastLineWithoutEnd) {
  const auto read = Vocabulary::parse("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\nthe", "v");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->entry(5), "the");
  EXPECT_EQ(read->special().mask, 4);
}
TEST(Vocabulary, AMissingFileIsNotFound) {
  EXPECT_EQ(Vocabulary::load("/nowhere/vocab.txt").error().category,
            base::ErrorCategory::kNotFound);
}

}  // namespace
}  // namespace edgetran::data
