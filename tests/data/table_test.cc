#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/table_reader.h"
#include "data_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class TableTest : public FolderTest {
 protected:
  TableSettings settings_for(const std::string& name, std::string_view text) {
    return {.splits = {{"train", write(name, text).string()}},
            .text_columns = {"text"},
            .label_column = "label"};
  }
  base::Result<SeenSource> read(const std::string& name, std::string_view text) {
    return read_all(*make_table_source(settings_for(name, text)));
  }
  base::Error problem(const std::string& name, std::string_view text) {
    auto seen = read(name, text);
    return seen ? base::Error{} : seen.error();
  }
};

TEST_F(TableTest, CsvQuotesFollowRfc4180) {
  const auto seen = read("a.csv", "label,text\nx,\"a, \"\"b\"\"\nc\"\ny,d \"e\"\nx,\"\"\n");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(seen->rows, ElementsAre(SeenRow{0, "a, \"b\"\nc", "", 0, 0},
                                      SeenRow{0, "d \"e\"", "", 1, 0}, SeenRow{0, "", "", 0, 0}));
  EXPECT_THAT(seen->label_names, ElementsAre("x", "y"));
}
TEST_F(TableTest, ByteOrderMarkAndWindowsLineEndsAreAccepted) {
  const auto seen = read("a.csv", "\xEF\xBB\xBFtext,label\r\na,x\r\n\r\nb,y");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(seen->rows, ElementsAre(SeenRow{0, "a", "", 0, 0}, SeenRow{0, "b", "", 1, 0}));
}
TEST_F(TableTest, QuotesInTsvAreOrdinary) {
  const auto seen = read("a.tsv", "text\tlabel\n\"a\tx\nb\"\"\ty\n");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->rows[0].first, "\"a");
  EXPECT_EQ(seen->rows[1].first, "b\"\"");
}
TEST_F(TableTest, JsonLinesTakeTextNumbersAndBooleansAsLabels) {
  const auto seen = read("a.jsonl",
                         "{\"text\": \"caf\\u00e9\", \"label\": 10}\n\n"
                         "{\"label\": 2, \"text\": \"b\"}\n");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(seen->label_names, ElementsAre("2", "10"));  // by value, not by bytes
  EXPECT_THAT(seen->rows, ElementsAre(SeenRow{0, "café", "", 1, 0}, SeenRow{0, "b", "", 0, 0}));
}
TEST_F(TableTest, TwoTextsAndAScore) {
  TableSettings settings = settings_for("a.tsv", "id\ts\ttext\tt2\n1\t-0.5\ta\tb\n2\t4e0\tc\td\n");
  settings.text_columns = {"text", "t2"};
  settings.label_column = "s";
  settings.kind = Kind::kRegression;
  const auto seen = read_all(*make_table_source(settings));
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(seen->rows,
              ElementsAre(SeenRow{0, "a", "b", 0, -0.5F}, SeenRow{0, "c", "d", 0, 4.0F}));
}
TEST_F(TableTest, WithoutAHeaderColumnsAreNumbers) {
  TableSettings settings = settings_for("a.tsv", "q\tx\t*\ta\nq\ty\t*\tb\n");
  settings.header = false;
  settings.text_columns = {"4"};
  settings.label_column = "2";
  const auto seen = read_all(*make_table_source(settings));
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(seen->rows, ElementsAre(SeenRow{0, "a", "", 0, 0}, SeenRow{0, "b", "", 1, 0}));
}
TEST_F(TableTest, DevUsesTheClassesOfTrain) {
  TableSettings settings = settings_for("a.csv", "text,label\na,x\nb,y\n");
  settings.splits.push_back({"dev", write("dev.csv", "label,text\ny,c\n").string()});
  const auto seen = read_all(*make_table_source(settings));
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->rows.back(), (SeenRow{1, "c", "", 1, 0}));
}

TEST_F(TableTest, NamesTheRowWhoseLabelIsMissing) {
  std::string text = "text,label\n";
  for (int row = 1; row <= 20; ++row) text += row == 17 ? "t, \n" : row % 2 ? "t,x\n" : "t,y\n";
  const base::Error error = problem("a.csv", text);
  EXPECT_EQ(error.category, base::ErrorCategory::kUsage);
  EXPECT_THAT(error.message,
              EndsWith("a.csv: row 17 (line 18): the label is missing (column \"label\")"));
}
TEST_F(TableTest, NamesTheRowWithAColumnTooMany) {
  EXPECT_THAT(problem("a.csv", "text,label\na,x\n\"b\nb\",y\nc,d,x\n").message,
              EndsWith("a.csv: row 3 (line 5): 3 columns instead of 2"));
}
TEST_F(TableTest, NamesTheByteOfInvalidUtf8) {
  EXPECT_THAT(problem("a.csv", "text,label\na,x\nb\xC3(,y\n").message,
              EndsWith("a.csv: invalid UTF-8 at byte 16 (line 3): 0xC3"));
}
TEST_F(TableTest, SaysThatTheFileIsEmpty) {
  EXPECT_THAT(problem("a.csv", "").message, EndsWith("a.csv: the file is empty"));
  EXPECT_THAT(problem("b.jsonl", " \n\n").message, EndsWith("b.jsonl: the file is empty"));
  EXPECT_THAT(problem("c.csv", "text,label\n").message,
              EndsWith("c.csv: there is no row below the header"));
}
TEST_F(TableTest, SaysThatThereIsOnlyOneClass) {
  EXPECT_THAT(problem("a.csv", "text,label\na,x\nb,x\n").message,
              EndsWith("a.csv: every row has the same class, \"x\""));
}
TEST_F(TableTest, AnUnknownColumnNamesTheNearest) {
  const base::Error csv = problem("a.csv", "texts,label\na,x\n");
  EXPECT_THAT(csv.message, HasSubstr("there is no column \"text\"; there are: texts, label"));
  EXPECT_EQ(csv.hint, "did you mean 'texts'?");
  EXPECT_EQ(problem("a.jsonl", "{\"texts\": \"a\", \"label\": 1}\n").hint, "did you mean 'texts'?");
}
TEST_F(TableTest, AColumnNamedTwiceIsRefused) {
  EXPECT_THAT(problem("a.csv", "text,label,text\na,x,b\n").message, HasSubstr("twice"));
}
TEST_F(TableTest, AnUnknownClassInDevNamesItsRow) {
  TableSettings settings = settings_for("a.csv", "text,label\na,good\nb,bad\n");
  settings.splits.push_back({"dev", write("dev.csv", "text,label\nc,bad\nd,goood\n").string()});
  const auto seen = read_all(*make_table_source(settings));
  ASSERT_FALSE(seen);
  EXPECT_THAT(seen.error().message, HasSubstr("row 2 (line 3): the label \"goood\" is none of"));
  EXPECT_EQ(seen.error().hint, "did you mean 'good'?");
}
TEST_F(TableTest, AScoreThatIsNoNumberNamesItsRow) {
  for (const char* bad : {"abc", "nan", "1e999", "1,5"}) {
    TableSettings settings =
        settings_for("a.tsv", std::string("text\tlabel\na\t1\nb\t") + bad + "\n");
    settings.kind = Kind::kRegression;
    const auto seen = read_all(*make_table_source(settings));
    ASSERT_FALSE(seen) << bad;
    EXPECT_THAT(seen.error().message, HasSubstr("row 2 (line 3): the score"));
  }
}
TEST_F(TableTest, AnOpenQuoteNamesTheLineOfItsOpening) {
  EXPECT_THAT(problem("a.csv", "text,label\na,x\n\"b,y\nc,x\n").message,
              HasSubstr("line 3: the quote opened on line 3 is not closed"));
  EXPECT_THAT(problem("a.csv", "text,label\n\"a\"b,x\n").message,
              HasSubstr("a character follows the closing quote on line 2"));
}
TEST_F(TableTest, AFieldOfMoreThanAMegabyteIsRefused) {
  EXPECT_THAT(problem("a.csv", "text,label\n" + std::string((1 << 20) + 1, 'a') + ",x\n").message,
              HasSubstr("a field of 1048577 bytes"));
}
TEST_F(TableTest, BrokenJsonNamesItsRow) {
  EXPECT_THAT(problem("a.jsonl", "{\"text\":\"a\",\"label\":1}\n{\"text\":\n").message,
              HasSubstr("a.jsonl: row 2 (line 2): "));
  EXPECT_THAT(problem("a.jsonl", "[1]\n").message, HasSubstr("is not a JSON object"));
  EXPECT_THAT(problem("a.jsonl", "{\"text\":[1],\"label\":1}\n").message,
              HasSubstr("\"text\" is neither text nor number"));
  EXPECT_THAT(problem("a.jsonl", "{\"text\":\"a\",\"label\":1}\n{\"label\":2}\n").message,
              HasSubstr("row 2 (line 2): the text \"text\" is missing"));
}
TEST_F(TableTest, AnUnknownExtensionAndAMissingFileAreNamed) {
  EXPECT_THAT(problem("a.xlsx", "x").message, HasSubstr("the extension \".xlsx\""));
  TableSettings settings = settings_for("a.csv", "");
  settings.splits[0].file = (folder() / "none.csv").string();
  EXPECT_EQ(read_all(*make_table_source(settings)).error().category,
            base::ErrorCategory::kNotFound);
}

}  // namespace
}  // namespace edgetran::data
