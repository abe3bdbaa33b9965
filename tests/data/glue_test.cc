#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/glue_source.h"
#include "data/prepare.h"
#include "data_fixture.h"
#include "shared_data.h"
#include "xz_fixture.h"

namespace edgetran::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GlueTest : public FolderTest {
 protected:
  void put(const std::string& name, std::string_view text) {
    std::filesystem::create_directories((folder() / name).parent_path());
    write(name, text);
  }
  base::Result<SeenSource> read(const std::string& task, bool train = true) {
    EDGETRAN_ASSIGN(const auto source,
                    make_glue_source({.task = task, .folder = folder().string(), .train = train}));
    return read_all(*source);
  }
  base::Error problem(const std::string& task) {
    auto seen = read(task);
    return seen ? base::Error{} : seen.error();
  }
};

TEST_F(GlueTest, ReadsBothLayoutsOfCola) {
  const std::vector<SeenRow> rows = {{0, "A.", "", 1, 0}, {0, "B.", "", 0, 0}, {1, "C.", "", 1, 0}};
  put("CoLA/train.tsv", "gj04\t1\t\tA.\ngj04\t0\t*\tB.\n");  // as the official file
  put("CoLA/dev.tsv", "source\tlabel\tnotation\tsentence\nx\t1\t\tC.\n");
  const auto seen = read("cola");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->rows, rows);
  EXPECT_THAT(seen->label_names, ElementsAre("0", "1"));
}

TEST_F(GlueTest, ReadsTheOfficialColumnsOfMnliAndKeepsItsDevSetsApart) {
  put("MNLI/train.tsv",
      "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\t"
      "sentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n"
      "0\t1\t1n\tx\t( a )\t( b )\t(R)\t(R)\tone\ttwo\tneutral\tentailment\n");
  put("MNLI/dev_matched.tsv", "index\tsentence1\tsentence2\tgold_label\n0\ta\tb\tneutral\n");
  put("MNLI/dev_mismatched_subset.tsv.xz",
      xz_of("index\tsentence1\tsentence2\tgold_label\n0\tc\td\tcontradiction\n"));
  put("MNLI/aux_snli_dev.tsv", "never read");
  const auto source = make_glue_source({.task = "MNLI", .folder = folder().string()}).value();
  EXPECT_THAT(source->splits(), ElementsAre("train", "dev", "dev_mismatched"));
  EXPECT_THAT(source->subsets(), ElementsAre("dev_mismatched"));
  const auto seen = read_all(*source);
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(seen->rows, ElementsAre(SeenRow{0, "one", "two", 0, 0}, SeenRow{1, "a", "b", 1, 0},
                                      SeenRow{2, "c", "d", 2, 0}));
}

TEST_F(GlueTest, AWholeFileIsPreferredToASubset) {
  const std::string header = "index\tsentence1\tsentence2\tlabel\n";
  put("RTE/dev.tsv", header + "0\ta\tb\tentailment\n");
  put("RTE/train_subset.tsv", header + "0\tsub\tb\tentailment\n");
  auto source = make_glue_source({.task = "RTE", .folder = (folder() / "RTE").string()}).value();
  EXPECT_THAT(source->subsets(), ElementsAre("train"));
  EXPECT_EQ(source->settings()["subsets"], base::Json::array({"train"}));
  put("RTE/train.tsv.xz", xz_of(header + "0\twhole\tb\tnot_entailment\n"));
  source = make_glue_source({.task = "RTE", .folder = (folder() / "RTE").string()}).value();
  EXPECT_THAT(source->subsets(), IsEmpty());
  EXPECT_EQ(read("RTE")->rows[0], (SeenRow{0, "whole", "b", 1, 0}));
}

TEST_F(GlueTest, ASubsetIsWrittenIntoTheTokenFile) {
  put("WNLI/dev.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\t1\n");
  put("WNLI/train_subset.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\t0\n");
  const auto source = make_glue_source({.task = "WNLI", .folder = folder().string()}).value();
  const auto prepared = prepare(*source, *small_tokenizer(), {.cache_folder = folder() / "cache"});
  ASSERT_TRUE(prepared) << prepared.error().message;
  const auto train = TokenFile::open(prepared->file("train")).value();
  EXPECT_EQ(train.info().origin["subset"], true);
  EXPECT_EQ(train.info().origin["settings"]["task"], "WNLI");
  const auto dev = TokenFile::open(prepared->file("dev")).value();
  EXPECT_FALSE(dev.info().origin.contains("subset"));
  EXPECT_EQ(dev.info().origin["subsets"], base::Json::array({"train"}));
}

TEST_F(GlueTest, ScoresOutsideOfTheirRangeNameTheirRow) {
  const std::string header = "index\tsentence1\tsentence2\tscore\n";
  put("STS-B/dev.tsv", header + "0\ta\tb\t2.5\n");
  for (const char* bad : {"5.001", "-0.1", "nan", "inf", "x"}) {
    put("STS-B/train.tsv", header + "0\ta\tb\t5.0\n1\tc\td\t" + bad + "\n");
    EXPECT_THAT(problem("STS-B").message, HasSubstr("train.tsv: row 2 (line 3): the score")) << bad;
  }
  put("STS-B/train.tsv", header + "0\ta\tb\t0\n");
  EXPECT_EQ(read("stsb")->rows[1].score, 2.5F);
}

TEST_F(GlueTest, LabelsTextsAndColumnsThatAreNotThereNameTheirPlace) {
  put("SST-2/dev.tsv", "sentence\tlabel\na\t1\n");
  put("SST-2/train.tsv", "sentence\tlabel\na\t1\nb\t2\n");
  const base::Error label = problem("SST-2");
  EXPECT_THAT(label.message, HasSubstr("row 2 (line 3): the label \"2\" is none of the 2"));
  put("SST-2/train.tsv", "sentence\tlabel\na\t1\n \t0\n");
  EXPECT_THAT(problem("SST-2").message,
              HasSubstr("row 2 (line 3): the text \"sentence\" is empty"));
  put("SST-2/train.tsv", "sentence\tlabel\na\t1\nb\n");
  EXPECT_THAT(problem("SST-2").message, HasSubstr("row 2 (line 3): 1 columns instead of 2"));
  put("SST-2/train.tsv", "text\tlabel\na\t1\n");
  EXPECT_THAT(problem("SST-2").message, HasSubstr("there is no column \"sentence\""));
}

TEST_F(GlueTest, OnlyQqpMayHaveEmptyTextsAndAFewRowsThatAreTooShort) {
  std::string text = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n0\t1\t2\ta\t\t0\n";
  for (int row = 1; row < 3000; ++row) text += "1\t1\t2\ta\tb\t1\n";
  put("QQP/dev.tsv", text);
  put("QQP/train.tsv", text + "5\t1\t2\tcut\n9\tcut too\n");
  const auto seen = read("QQP");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->rows.size(), 6000U);
  EXPECT_EQ(seen->rows[0].second, "");
  put("QQP/train.tsv", text + "1\n2\n3\n4\n");
  EXPECT_THAT(problem("QQP").message, HasSubstr("4 of 3004 rows have fewer than 6 columns"));
}

TEST_F(GlueTest, NamesWhatItLookedFor) {
  const base::Error nothing = problem("MRPC");
  EXPECT_EQ(nothing.category, base::ErrorCategory::kNotFound);
  EXPECT_THAT(nothing.message, HasSubstr("looked for train.tsv, train.tsv.xz, train_subset.tsv"));
  EXPECT_THAT(problem("MRCP").message, HasSubstr("there are: CoLA, SST-2, MRPC, STS-B, QQP"));
  EXPECT_EQ(problem("MRCP").hint, "did you mean 'MRPC'?");
}

TEST_F(GlueTest, EvaluatingNeedsNoTrainingRows) {
  put("dev.tsv", "sentence\tlabel\na\t1\n");
  EXPECT_EQ(read("SST-2", false)->rows.size(), 1U);
}

struct Counts {
  const char* task;
  int64_t train, dev, mismatched;
  std::vector<std::string> subsets;
};

TEST(SharedGlue, HasTheRowsOfItsReadme) {
  const auto folder = shared_data() / "glue";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " is not there";
  const Counts all[] = {{"CoLA", 8551, 1043, 0, {}},
                        {"SST-2", 67349, 872, 0, {}},
                        {"MRPC", 3668, 408, 0, {}},
                        {"STS-B", 5749, 1500, 0, {}},
                        {"QQP", 25371, 7600, 0, {"train", "dev"}},
                        {"MNLI", 3000, 9815, 1000, {"train", "dev_mismatched"}},
                        {"QNLI", 2000, 5463, 0, {"train"}},
                        {"RTE", 2490, 277, 0, {}},
                        {"WNLI", 635, 71, 0, {}}};
  EXPECT_EQ(std::size(all), glue_tasks().size());
  for (const Counts& counts : all) {
    const auto source = make_glue_source({.task = counts.task, .folder = folder.string()});
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ((*source)->subsets(), counts.subsets) << counts.task;
    std::vector<int64_t> rows(3, 0);
    const auto names = (*source)->read([&](size_t split, const SourceRow&) -> base::Status {
      ++rows[split];
      return {};
    });
    ASSERT_TRUE(names) << names.error().message;
    EXPECT_THAT(rows, ElementsAre(counts.train, counts.dev, counts.mismatched)) << counts.task;
  }
}

class KindTest : public FolderTest {
 protected:
  base::Result<Kind> kind(std::string_view labels) {
    std::string text = "text\tlabel\n";
    for (size_t at = 0; at < labels.size();) {
      const size_t end = std::min(labels.find(' ', at), labels.size());
      text += "t\t" + std::string(labels.substr(at, end - at)) + "\n";
      at = end + 1;
    }
    return detect_kind({.splits = {{"train", write("a.tsv", text).string()}},
                        .text_columns = {"text"},
                        .label_column = "label"});
  }
};

TEST_F(KindTest, ScoresAreNumbersOfWhichOneAtLeastIsNotWhole) {
  EXPECT_EQ(kind("0.5 1 2").value(), Kind::kRegression);
  EXPECT_EQ(kind("0 1 2").value(), Kind::kClassification);
  EXPECT_EQ(kind("1.0 2.0").value(), Kind::kClassification);
  EXPECT_EQ(kind("0.5 good").value(), Kind::kClassification);
}

}  // namespace
}  // namespace edgetran::data
