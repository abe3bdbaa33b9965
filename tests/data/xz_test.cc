#include "data/xz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>

#include "data/input_text.h"
#include "data_fixture.h"
#include "xz_fixture.h"

namespace edgetran::data {
namespace {

using testing::HasSubstr;

TEST(Xz, GivesBackWhatWasCompressed) {
  std::string text = "short";
  for (uint32_t i = 0; i < 200'000; ++i) text += static_cast<char>(i * i >> 3);  // wraps
  EXPECT_EQ(decompress_xz(xz_of(text), "t").value(), text);
  EXPECT_EQ(decompress_xz(xz_of(""), "t").value(), "");
}

TEST(Xz, StreamsOneAfterTheOtherAreOneText) {
  EXPECT_EQ(decompress_xz(xz_of("ab") + xz_of("cd"), "t").value(), "abcd");
}

TEST(Xz, ABombIsRefusedAtTheLimit) {
  const std::string bomb = xz_of(std::string(50'000'000, '\0'));
  EXPECT_LT(bomb.size(), 20'000U);
  const auto refused = decompress_xz(bomb, "bomb.xz", 1'000'000);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("hold more than 1000000 bytes"));
  EXPECT_TRUE(decompress_xz(xz_of(std::string(1000, 'a')), "t", 1000));
  EXPECT_FALSE(decompress_xz(xz_of(std::string(1001, 'a')), "t", 1000));
}

TEST(Xz, SaysWhatIsWrongWithAFile) {
  const std::string whole = xz_of("a text of some length, so that there is something to cut");
  EXPECT_THAT(decompress_xz("plain text", "a.xz").error().message,
              HasSubstr("a.xz: it is no xz file"));
  EXPECT_THAT(decompress_xz("", "a.xz").error().message, HasSubstr("cut off"));
  for (size_t size = 12; size < whole.size(); ++size)
    EXPECT_EQ(decompress_xz(whole.substr(0, size), "a.xz").error().category,
              base::ErrorCategory::kCorrupt)
        << size;
  std::string damaged = whole;
  damaged[damaged.size() / 2] ^= 0x55;
  EXPECT_EQ(decompress_xz(damaged, "a.xz").error().category, base::ErrorCategory::kCorrupt);
}

TEST(Xz, AFileThatWantsTooMuchMemoryIsRefused) {
  // The header alone asks for a dictionary of 1 GiB; the content is tiny.
  EXPECT_THAT(decompress_xz(xz_of("a", uint32_t{1} << 30), "a.xz").error().message,
              HasSubstr("more than 128 MiB of memory"));
}

class InputTextTest : public FolderTest {};

TEST_F(InputTextTest, ReadsPlainAndCompressedFilesAlike) {
  const auto plain = write("a.txt", "text");
  const auto packed = write("b.txt.xz", xz_of("text"));
  EXPECT_EQ(InputText::open(plain)->text(), "text");
  EXPECT_EQ(InputText::open(packed)->text(), "text");
  EXPECT_EQ(InputText::open(folder() / "none.xz").error().category, base::ErrorCategory::kNotFound);
}

TEST(InputTextNames, SayFormatAndSubset) {
  EXPECT_EQ(without_xz("a/b.tsv.xz"), "a/b.tsv");
  EXPECT_EQ(without_xz("a/b.tsv"), "a/b.tsv");
  EXPECT_TRUE(is_subset_file("a/train_subset.tsv.xz"));
  EXPECT_TRUE(is_subset_file("train_subset.csv"));
  EXPECT_FALSE(is_subset_file("a_subset/train.tsv"));
}

}  // namespace
}  // namespace edgetran::data
