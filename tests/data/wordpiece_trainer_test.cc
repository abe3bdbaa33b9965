#include "data/wordpiece_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"
#include "data_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Vocabulary trained(const std::vector<std::string>& texts, WordPieceTrainerSettings settings) {
  WordPieceTrainer trainer(settings);
  for (const std::string& text : texts) trainer.add(text);
  return trainer.train().value();
}

// The definition, word by word and without any bookkeeping: count all pairs, merge the best, again.
std::vector<std::string> brute_force(const std::map<std::string, int64_t>& counts, size_t size) {
  std::vector<std::string> entries = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  std::set<char> all, later;
  std::map<std::vector<std::string>, int64_t> words;
  for (const auto& [word, count] : counts) {
    std::vector<std::string> pieces;
    for (size_t i = 0; i < word.size(); ++i) {
      pieces.push_back((i > 0 ? "##" : "") + std::string(1, word[i]));
      all.insert(word[i]);
      if (i > 0) later.insert(word[i]);
    }
    words[pieces] += count;
  }
  for (const char c : all) entries.emplace_back(1, c);
  for (const char c : later) entries.push_back("##" + std::string(1, c));
  const auto id = [&](const std::string& entry) {
    return std::find(entries.begin(), entries.end(), entry) - entries.begin();
  };
  while (entries.size() < size) {
    std::map<std::pair<std::ptrdiff_t, std::ptrdiff_t>, int64_t> pairs;
    for (const auto& [pieces, count] : words)
      for (size_t i = 1; i < pieces.size(); ++i) pairs[{id(pieces[i - 1]), id(pieces[i])}] += count;
    auto best = pairs.end();
    for (auto pair = pairs.begin(); pair != pairs.end(); ++pair)
      if (best == pairs.end() || pair->second > best->second) best = pair;
    if (best == pairs.end() || best->second < 2) break;
    const std::string left = entries[static_cast<size_t>(best->first.first)];
    const std::string right = entries[static_cast<size_t>(best->first.second)];
    const std::string merged = left + right.substr(2);
    if (id(merged) == static_cast<std::ptrdiff_t>(entries.size())) entries.push_back(merged);
    std::map<std::vector<std::string>, int64_t> next;
    for (const auto& [pieces, count] : words) {
      std::vector<std::string> changed;
      for (size_t i = 0; i < pieces.size(); ++i) {
        const bool both = i + 1 < pieces.size() && pieces[i] == left && pieces[i + 1] == right;
        changed.push_back(both ? merged : pieces[i]);
        if (both) ++i;
      }
      next[changed] += count;
    }
    words = std::move(next);
  }
  return entries;
}

TEST(WordPieceTrainer, MergesTheMostFrequentPairFirst) {
  // l ##o and ##o ##w stand 3 times; low, lower; then no pair stands twice.
  const Vocabulary vocabulary = trained({"low low lower", "newest"}, {.vocabulary_size = 100});
  EXPECT_THAT(vocabulary.entries(),
              ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "e", "l", "n", "o", "r",
                          "s", "t", "w", "##e", "##o", "##r", "##s", "##t", "##w", "lo", "low"));
}

TEST(WordPieceTrainer, EqualsBruteForceOnRandomWords) {
  base::RandomStream stream(3, "words");
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, int64_t> counts;
    std::string text;
    for (int i = 0; i < 60; ++i) {
      std::string word;
      for (uint64_t length = 1 + stream.below(8); length > 0; --length)
        word.push_back(static_cast<char>('a' + stream.below(3)));
      ++counts[word];
      text += word + ' ';
    }
    EXPECT_EQ(trained({text}, {.vocabulary_size = 60}).entries(), brute_force(counts, 60)) << text;
  }
}

TEST(WordPieceTrainer, TheOrderOfTheTextsDoesNotMatter) {
  const std::vector<std::string> forth = {"a rose is a rose", "roses are red", "is it red"};
  const std::vector<std::string> back(forth.rbegin(), forth.rend());
  EXPECT_EQ(trained(forth, {}).entries(), trained(back, {}).entries());
}

TEST(WordPieceTrainer, MinFrequencyStopsTheMerging) {
  EXPECT_EQ(trained({"ab ab ab cd cd"}, {.min_frequency = 3}).entries().back(), "ab");
}

TEST(WordPieceTrainer, RareCharactersStayOutsideOfALimitedAlphabet) {
  const Vocabulary vocabulary = trained({"aaa bbb bbb z"}, {.alphabet_limit = 2});
  EXPECT_THAT(vocabulary.text(), testing::Not(HasSubstr("z")));
}

TEST(WordPieceTrainer, EveryWordOfItsTextCanBeWrittenWithIt) {
  const std::string text = "The quick brown fox jumps over 12 lazy dogs, naïvely.";
  const auto tokenizer = make_wordpiece(trained({text}, {.vocabulary_size = 64}));
  EXPECT_THAT(tokenizer->encode(text), testing::Each(testing::Ne(tokenizer->special().unknown)));
}

TEST(WordPieceTrainer, SaysThatThereIsNoWord) {
  EXPECT_THAT(WordPieceTrainer({}).train().error().message, HasSubstr("no word"));
}

TEST(WordPieceTrainer, SaysHowManyEntriesTheAlphabetTakes) {
  WordPieceTrainer trainer({.vocabulary_size = 6});
  trainer.add("abc");
  const auto vocabulary = trainer.train();
  ASSERT_FALSE(vocabulary);
  EXPECT_THAT(vocabulary.error().message, HasSubstr("characters take 10"));
}

}  // namespace
}  // namespace edgetran::data
