#include "weights/model_folder.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <iterator>
#include <optional>

#include "base/files.h"
#include "weights/random_spec.h"

namespace edgetran::weights {
namespace {

using base::ErrorCategory;
using base::Json;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// No file grows beyond this many bytes while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limited{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limited);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit old_{};
};

class ModelFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = base::TemporaryFolder::create("model");
    ASSERT_TRUE(folder);
    root_.emplace(std::move(*folder));
    info_.spec = testing::random_spec(1);
    info_.labels = 2;
    info_.label_names = {"bad", "good"};
    info_.tokenizer = kVocabularyFile;
    info_.history = Json{{"seed", 1}};
  }
  fs::path folder() const { return root_->path() / "model"; }
  base::Status write(const ModelInfo& info, std::string_view vocabulary, uint64_t seed = 1) const {
    auto graph = encoder::build_encoder(info.spec, build_options(info));
    EXPECT_TRUE(graph) << graph.error().message;
    return write_model_folder(folder(), info, *graph,
                              initialize(*graph, {seed, "w"}, Initialization::kTraining),
                              vocabulary);
  }
  // model.json with one field replaced.
  base::Result<ModelInfo> read_with(const char* key, const Json& value) const {
    Json json = model_info_json(info_);
    json[key] = value;
    const fs::path file = root_->path() / "model.json";
    EXPECT_TRUE(base::write_file_atomic(file, json.dump(2)));
    return read_model_info(file);
  }
  std::optional<base::TemporaryFolder> root_;
  ModelInfo info_;
};

TEST_F(ModelFolderTest, gives_back_what_was_written) {
  ASSERT_TRUE(write(info_, "[PAD]\n[UNK]\n"));
  const auto read = read_model_info(folder());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->spec, info_.spec);
  EXPECT_EQ(read->labels, 2);
  EXPECT_EQ(read->label_names, info_.label_names);
  EXPECT_EQ(read->tokenizer, "vocab.txt");
  EXPECT_FALSE(read->mlm);
  EXPECT_EQ(read->history, info_.history);
  EXPECT_EQ(base::read_file(folder() / "vocab.txt").value(), "[PAD]\n[UNK]\n");
  const auto graph = encoder::build_encoder(read->spec, build_options(*read)).value();
  EXPECT_TRUE(load_weights(folder() / kWeightsFile, graph));
}

TEST_F(ModelFolderTest, holds_the_masked_language_model_head_when_told) {
  info_.labels = 0;
  info_.label_names.clear();
  info_.mlm = true;
  ASSERT_TRUE(write(info_, "[PAD]\n"));
  const auto read = read_model_info(folder());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(build_options(*read).head, encoder::TaskHead::kMaskedLanguageModel);
}

TEST_F(ModelFolderTest, keeps_other_files_and_the_vocabulary_when_written_again) {
  ASSERT_TRUE(write(info_, "[PAD]\n"));
  ASSERT_TRUE(base::write_file_atomic(folder() / "notes.txt", "mine"));
  ASSERT_TRUE(write(info_, {}, 2));
  EXPECT_EQ(base::read_file(folder() / "notes.txt").value(), "mine");
  EXPECT_EQ(base::read_file(folder() / "vocab.txt").value(), "[PAD]\n");
}

TEST_F(ModelFolderTest, leaves_no_file_but_the_four) {
  ASSERT_TRUE(write(info_, "[PAD]\n"));
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder()))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("model.json", "model.safetensors", "vocab.txt",
                                                     "history.json"));
}

TEST_F(ModelFolderTest, leaves_the_old_model_whole_when_a_file_cannot_be_written) {
  ASSERT_TRUE(write(info_, "[PAD]\n"));
  const std::string weights = base::read_file(folder() / kWeightsFile).value();
  {
    const FileSizeLimit limit(1 << 20);  // what a full disk does to the vocabulary's file
    const auto status = write(info_, std::string(2 << 20, 'v'), 2);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().category, ErrorCategory::kResource);
  }
  EXPECT_TRUE(base::read_file(folder() / kWeightsFile).value() == weights);
  EXPECT_EQ(base::read_file(folder() / "vocab.txt").value(), "[PAD]\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), fs::directory_iterator()), 4);
}

TEST_F(ModelFolderTest, asks_for_a_vocabulary_that_is_nowhere) {
  const auto status = write(info_, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(status.error().message, HasSubstr("vocab.txt"));
  EXPECT_FALSE(fs::exists(folder() / "model.json"));
}

TEST_F(ModelFolderTest, reads_a_spec_alone) {
  const fs::path file = root_->path() / "spec.json";
  ASSERT_TRUE(base::write_file_atomic(file, space::model_spec_json(info_.spec).dump()));
  const auto read = read_model_info(file);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->spec, info_.spec);
  EXPECT_EQ(read->labels, 0);
}

TEST_F(ModelFolderTest, reads_a_published_dictionary) {
  const fs::path file = root_->path() / "spec.json";
  ASSERT_TRUE(base::write_file_atomic(
      file, R"({"l": 1, "o": [["sa_sdp_64", "sa_sdp_64"]], "h": [128], "f": [[512]]})"));
  const auto read = read_model_info(file);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->spec.position, space::PositionKind::kRelativeKey);
  EXPECT_EQ(read->spec.layers.at(0).head_width, 64);
}

TEST_F(ModelFolderTest, refuses_a_newer_format) {
  const auto read = read_with("format", "edgetran.model/2");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().category, ErrorCategory::kUsage);
  EXPECT_THAT(read.error().message, HasSubstr("newer program"));
  EXPECT_THAT(read.error().message, HasSubstr("edgetran.model/1"));
  EXPECT_THAT(read.error().message, HasSubstr("model.json:2:"));
  EXPECT_THAT(read.error().hint, HasSubstr("update"));
}

TEST_F(ModelFolderTest, refuses_what_is_no_model_format) {
  for (const char* format : {"edgetran.study/1", "edgetran.model/", "edgetran.model/1x", ""}) {
    const auto read = read_with("format", format);
    ASSERT_FALSE(read) << format;
    EXPECT_THAT(read.error().message, HasSubstr("not a model format")) << format;
  }
}

TEST_F(ModelFolderTest, refuses_unknown_keys) {
  const auto read = read_with("lables", 3);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("lables"));
}

TEST_F(ModelFolderTest, refuses_label_names_that_do_not_match_the_labels) {
  const auto read = read_with("label_names", Json::array({"one"}));
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("1 names for 2 labels"));
}

TEST_F(ModelFolderTest, refuses_a_tokenizer_outside_the_folder) {
  for (const char* name : {"../vocab.txt", "/etc/passwd", "..", "a/b"}) {
    const auto read = read_with("tokenizer", name);
    ASSERT_FALSE(read) << name;
    EXPECT_THAT(read.error().message, HasSubstr("model folder")) << name;
  }
}

TEST_F(ModelFolderTest, refuses_two_task_heads) {
  EXPECT_THAT(read_with("mlm", true).error().message, HasSubstr("not both"));
}

TEST_F(ModelFolderTest, says_that_a_folder_holds_no_model) {
  const auto read = read_model_info(root_->path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().category, ErrorCategory::kNotFound);
  EXPECT_THAT(read.error().message, HasSubstr("no model.json"));
}

TEST_F(ModelFolderTest, names_a_history_that_is_damaged) {
  ASSERT_TRUE(write(info_, "[PAD]\n"));
  ASSERT_TRUE(base::write_file_atomic(folder() / kHistoryFile, "[1"));
  const auto read = read_model_info(folder());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().category, ErrorCategory::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr("history.json"));
}

}  // namespace
}  // namespace edgetran::weights
