#include "data/bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "data/bpe_trainer.h"
#include "data/byte_alphabet.h"
#include "data/gpt2_words.h"
#include "data/load_tokenizer.h"
#include "data/tokenizer_json.h"
#include "data_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const char* const kVocab =
    R"({"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"<mask>":4,"a":5,"b":6,"c":7,"ab":8,"abc":9,"Ġ":10,"Ġa":11})";
const char* const kMerges = "#version: 0.2\na b\nab c\nĠ a\n";

base::Error problem(std::string_view vocab, std::string_view merges) {
  const auto vocabulary = BpeVocabulary::parse(vocab, "vocab.json", merges, "merges.txt");
  return vocabulary ? base::Error{} : vocabulary.error();
}

std::unique_ptr<Tokenizer> small_bpe(BpeSettings settings = {}) {
  return make_bpe(BpeVocabulary::parse(kVocab, "v", kMerges, "m").value(), settings);
}

std::vector<std::string> words(std::string_view text) {
  struct Sink final : WordSink {
    void word(std::string_view word, size_t) override { seen.emplace_back(word); }
    std::vector<std::string> seen;
  } sink;
  split_gpt2(text, sink);
  return sink.seen;
}

TEST(ByteAlphabet, IsOneToOneAndPrintable) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  EXPECT_EQ(bytes_of_written(written_bytes(bytes)), bytes);
  EXPECT_EQ(written_bytes(" a\n"), "ĠaĊ");
  EXPECT_EQ(bytes_of_written("中"), std::nullopt);
}

TEST(Gpt2Words, AreThoseOfThePattern) {
  EXPECT_THAT(words("It's 3 o'clock,  we'll see!!\n\n x"),
              ElementsAre("It", "'s", " 3", " o", "'", "clock", ",", " ", " we", "'ll", " see",
                          "!!", "\n\n", " x"));
  EXPECT_THAT(words("a1b  "), ElementsAre("a", "1", "b", "  "));
  EXPECT_THAT(words("\t\tx"), ElementsAre("\t", "\t", "x"));
  EXPECT_THAT(words(""), ElementsAre());
}

TEST(Bpe, MergesTheLowestRankFirstAndTheLeftmostOfEquals) {
  EXPECT_THAT(small_bpe()->encode("abcab"), ElementsAre(9, 8));
  EXPECT_THAT(small_bpe()->encode("cab ab"), ElementsAre(7, 8, 10, 8));  // a b before Ġ a
}

TEST(Bpe, ThePrefixSpaceIsAddedOnceAndNotToNothing) {
  const auto tokenizer = small_bpe({.add_prefix_space = true});
  EXPECT_THAT(tokenizer->encode("a"), ElementsAre(11));
  EXPECT_THAT(tokenizer->encode(" a"), ElementsAre(11));
  EXPECT_THAT(tokenizer->encode(""), ElementsAre());
  EXPECT_NE(tokenizer->content_hash(), small_bpe()->content_hash());
}

TEST(Bpe, AByteWithoutAnEntryIsUnknownAndInvalidUtf8IsDropped) {
  EXPECT_THAT(small_bpe()->encode("adb"), ElementsAre(5, 3, 6));
  EXPECT_THAT(small_bpe()->encode("a\xED\xA0\x80"
                                  "b\xC3"),
              ElementsAre(8));
}

TEST(Bpe, SpecialTokensInATextAreOnlyText) {
  EXPECT_EQ(small_bpe()->special(), (SpecialIds{1, 3, 0, 2, 4}));
  EXPECT_THAT(small_bpe()->encode("<s>"), ElementsAre(3, 3, 3));
}

TEST(Bpe, AVeryLongWordTakesNoSquareOfTime) {
  const std::string text(400'000, 'a');  // 8e10 steps if it did
  EXPECT_EQ(small_bpe()->encode(text).size(), text.size());
}

TEST(BpeVocabulary, AMergeThatDoesNotFitNamesBothFilesTheLineAndThePiece) {
  EXPECT_THAT(
      problem(kVocab, "#version: 0.2\na b\na d\n").message,
      HasSubstr("merges.txt does not fit vocab.json: line 3 merges \"a\" and \"d\", but its "
                "right part \"d\" is no entry"));
  EXPECT_THAT(problem(kVocab, "a c\n").message,
              HasSubstr("line 1 merges \"a\" and \"c\", but its result \"ac\" is no entry"));
  EXPECT_THAT(problem(kVocab, "a b\nab c\na b\n").message,
              HasSubstr("merges.txt: line 3: the merge \"a\" \"b\" stands already on line 1"));
  for (const char* bad : {"a\n", "a b c\n", " a\n", "a \n"})
    EXPECT_THAT(problem(kVocab, bad).message, HasSubstr("merges.txt:1:")) << bad;
}

TEST(BpeVocabulary, EntriesAndIdsAreOneToOne) {
  EXPECT_THAT(problem(R"({"<s>":0,"a":1,"a":2})", "").message, HasSubstr("duplicate key \"a\""));
  EXPECT_THAT(problem(R"({"<s>":0,"a":0})", "").message,
              HasSubstr("the entries \"<s>\" and \"a\" have the same id, 0"));
  for (const char* bad : {"2", "-1", "1.5", "\"1\"", "null"})
    EXPECT_THAT(problem(std::string(R"({"<s>":0,"a":)") + bad + "}", "").message,
                HasSubstr("the entry \"a\" has the id"))
        << bad;
  EXPECT_THAT(problem("[]", "").message, HasSubstr("it is no JSON object"));
}

TEST(BpeVocabulary, MissingSpecialTokensAreNamed) {
  EXPECT_THAT(problem(R"({"<s>":0,"<pad>":1,"a":2})", "").message,
              HasSubstr("the vocabulary of 3 entries has no <unk>, </s>, <mask>"));
  EXPECT_TRUE(BpeVocabulary::parse(R"({"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4})", "v",
                                   "", "m"));
}

TEST(BpeVocabulary, WritesWhatItReads) {
  const auto vocabulary = BpeVocabulary::parse(kVocab, "v", kMerges, "m").value();
  EXPECT_EQ(vocabulary.merges_txt(), kMerges);
  const auto again =
      BpeVocabulary::parse(vocabulary.vocab_json(), "v", vocabulary.merges_txt(), "m").value();
  EXPECT_EQ(again.entries(), vocabulary.entries());
}

base::Result<std::unique_ptr<Tokenizer>> read_json(const base::Json& json) {
  return read_tokenizer_json(json, "t.json");
}

base::Json trained_json() {
  BpeTrainer trainer({.vocabulary_size = 270});
  trainer.add("aaa bbb aaab");
  return base::parse_json(bpe_tokenizer_json(trainer.train().value(), {}), "t").value();
}

TEST(TokenizerJson, ReadsWhatItWrites) {
  const auto tokenizer = read_json(trained_json());
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->special(), (SpecialIds{1, 3, 0, 2, 4}));
  EXPECT_EQ((*tokenizer)->encode("aaa").size(), 1U);
}

TEST(TokenizerJson, MergesAsOneStringAreReadToo) {
  base::Json json = trained_json();
  const auto ids = read_json(json).value()->encode("aaab bbb");
  for (auto& merge : json["model"]["merges"])
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  EXPECT_EQ(read_json(json).value()->encode("aaab bbb"), ids);
}

TEST(TokenizerJson, AddedTokensAreEntries) {
  base::Json json = trained_json();
  json["added_tokens"].push_back({{"id", json["model"]["vocab"].size()}, {"content", "<new>"}});
  EXPECT_EQ(read_json(json).value()->token(static_cast<int32_t>(json["model"]["vocab"].size())),
            "<new>");
  json["added_tokens"].push_back({{"id", 7}, {"content", "<mask>"}});
  EXPECT_THAT(read_json(json).error().message,
              HasSubstr("the token \"<mask>\" has the id 7 in added_tokens and 4 in the vocab"));
}

TEST(TokenizerJson, PartsThatWouldChangeIdsAreRefused) {
  const std::pair<const char*, base::Json> changes[] = {
      {"/model/dropout", 0.1},
      {"/model/byte_fallback", true},
      {"/model/ignore_merges", true},
      {"/model/continuing_subword_prefix", "##"},
      {"/normalizer", {{"type", "NFC"}}},
      {"/pre_tokenizer", {{"type", "Whitespace"}}},
      {"/pre_tokenizer/use_regex", false}};
  for (const auto& [place, value] : changes) {
    base::Json json = trained_json();
    json[base::Json::json_pointer(place)] = value;
    const auto read = read_json(json);
    ASSERT_FALSE(read) << place;
    EXPECT_THAT(read.error().message, HasSubstr("which would change ids")) << place;
  }
  base::Json json = trained_json();
  json["model"]["type"] = "Unigram";
  EXPECT_THAT(read_json(json).error().message, HasSubstr("\"Unigram\" is no kind of tokenizer"));
}

TEST(TokenizerJson, AnIncompleteAlphabetNeedsAnUnknownToken) {
  base::Json json = trained_json();
  json["model"] = {{"type", "BPE"},
                   {"vocab", base::parse_json(kVocab, "v").value()},
                   {"merges", base::Json::array({"a b", "ab c", "Ġ a"})}};
  json["added_tokens"] = base::Json::array();
  EXPECT_THAT(read_json(json).error().message, HasSubstr("252 of the 256 bytes have no entry"));
  json["model"]["unk_token"] = "<unk>";
  EXPECT_THAT(read_json(json).value()->encode("adb"), ElementsAre(5, 3, 6));
}

TEST(TokenizerJson, WordPieceKeepsItsCaseSettings) {
  base::Json json = {
      {"normalizer", {{"type", "BertNormalizer"}, {"lowercase", false}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"model",
       {{"type", "WordPiece"},
        {"vocab",
         {{"[PAD]", 0}, {"[UNK]", 1}, {"[CLS]", 2}, {"[SEP]", 3}, {"[MASK]", 4}, {"A", 5}}}}}};
  EXPECT_THAT(read_json(json).value()->encode("A a"), ElementsAre(5, 1));
  json["normalizer"]["clean_text"] = false;
  EXPECT_THAT(read_json(json).error().message, HasSubstr("the normalizer is"));
}

class LoadTokenizerTest : public FolderTest {};

TEST_F(LoadTokenizerTest, TakesEveryKindOfFileAndFolder) {
  const auto vocab = write("vocab.txt", kSmallVocabulary);
  EXPECT_EQ(load_tokenizer(vocab)->file_name, "vocab.txt");
  EXPECT_EQ(load_tokenizer(folder())->file_name, "vocab.txt");
  const auto pair = write("vocab.json", kVocab);
  EXPECT_THAT(load_tokenizer(pair).error().message, HasSubstr("there is no merges.txt beside it"));
  write("merges.txt", kMerges);
  const auto loaded = load_tokenizer(folder());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->file_name, "tokenizer.json");
  EXPECT_THAT(loaded->tokenizer->encode("a"), ElementsAre(5));
  write("tokenizer_config.json", R"({"add_prefix_space": true})");
  EXPECT_THAT(load_tokenizer(pair)->tokenizer->encode("a"), ElementsAre(11));
  // The file that a model folder keeps gives the same ids.
  const auto kept = write("tokenizer.json", load_tokenizer(pair)->text);
  EXPECT_EQ(load_tokenizer(kept)->tokenizer->content_hash(),
            load_tokenizer(pair)->tokenizer->content_hash());
}

TEST_F(LoadTokenizerTest, AFolderWithoutATokenizerSaysWhatItLooksFor) {
  EXPECT_THAT(load_tokenizer(folder()).error().message,
              HasSubstr("holds no tokenizer: neither tokenizer.json, nor vocab.json with "
                        "merges.txt, nor vocab.txt"));
  EXPECT_EQ(load_tokenizer(folder() / "none.txt").error().category, base::ErrorCategory::kNotFound);
}

TEST(BpeTrainer, SaysWhatItNeeds) {
  EXPECT_THAT(BpeTrainer({}).train().error().message, HasSubstr("no word"));
  BpeTrainer trainer({.vocabulary_size = 260});
  trainer.add("a");
  EXPECT_THAT(trainer.train().error().message, HasSubstr("the 256 bytes take 261"));
}

TEST(BpeTrainer, TheOrderOfTheTextsDoesNotMatter) {
  BpeTrainer forth({.vocabulary_size = 280});
  BpeTrainer back({.vocabulary_size = 280});
  for (const char* text : {"a rose is a rose", "roses are red"}) forth.add(text);
  for (const char* text : {"roses are red", "a rose is a rose"}) back.add(text);
  EXPECT_EQ(forth.train()->merges_txt(), back.train()->merges_txt());
}

}  // namespace
}  // namespace edgetran::data
