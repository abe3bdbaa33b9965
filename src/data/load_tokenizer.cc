#include "data/load_tokenizer.h"

#include <fmt/format.h>

#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "data/bpe.h"
#include "data/tokenizer_json.h"
#include "data/wordpiece.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;
using base::Json;
using base::Result;
namespace fs = std::filesystem;

constexpr const char* kMergesFile = "merges.txt";
constexpr const char* kPairFile = "vocab.json";
constexpr const char* kConfigFile = "tokenizer_config.json";
constexpr uint64_t kFileLimitBytes = uint64_t{64} << 20;
constexpr uint64_t kConfigLimitBytes = uint64_t{16} << 20;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

Result<bool> configured_prefix_space(const fs::path& folder) {
  const fs::path file = folder / kConfigFile;
  if (!is_file(file)) return false;
  EDGETRAN_ASSIGN(const std::string text, base::read_file(file, kConfigLimitBytes));
  EDGETRAN_ASSIGN(const Json json, base::parse_json(text, file.string()));
  if (!json.is_object()) return false;
  const auto found = json.find("add_prefix_space");
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

Result<LoadedTokenizer> load_pair(const fs::path& vocab_json) {
  const fs::path folder = vocab_json.parent_path();
  const fs::path merges = folder / kMergesFile;
  if (!is_file(merges))
    return fail(ErrorCategory::kNotFound,
                fmt::format("{}: there is no {} beside it, which a vocab.json needs",
                            vocab_json.string(), kMergesFile),
                "put merges.txt of the same model there, or give a tokenizer.json");
  EDGETRAN_ASSIGN(BpeVocabulary vocabulary, BpeVocabulary::load(vocab_json, merges));
  BpeSettings settings;
  EDGETRAN_ASSIGN(settings.add_prefix_space, configured_prefix_space(folder));
  LoadedTokenizer loaded{.tokenizer = nullptr,
                         .file_name = kTokenizerFile,
                         .text = bpe_tokenizer_json(vocabulary, settings)};
  loaded.tokenizer = make_bpe(std::move(vocabulary), settings);
  return loaded;
}

Result<LoadedTokenizer> load_json(const fs::path& file) {
  LoadedTokenizer loaded{.tokenizer = nullptr, .file_name = kTokenizerFile, .text = {}};
  EDGETRAN_ASSIGN(loaded.text, base::read_file(file, kFileLimitBytes));
  EDGETRAN_ASSIGN(const Json json, base::parse_json(loaded.text, file.string()));
  // Entries may be called anything, "model" too, but their values are numbers.
  if (json.is_object() && !json.empty() && json.begin()->is_number()) return load_pair(file);
  EDGETRAN_ASSIGN(loaded.tokenizer, read_tokenizer_json(json, file.string()));
  return loaded;
}

Result<LoadedTokenizer> load_vocabulary(const fs::path& file) {
  EDGETRAN_ASSIGN(Vocabulary vocabulary, Vocabulary::load(file));
  LoadedTokenizer loaded{
      .tokenizer = nullptr, .file_name = kWordPieceFile, .text = vocabulary.text()};
  loaded.tokenizer = make_wordpiece(std::move(vocabulary));
  return loaded;
}

Result<LoadedTokenizer> load_folder(const fs::path& folder) {
  if (is_file(folder / kTokenizerFile)) return load_json(folder / kTokenizerFile);
  if (is_file(folder / kPairFile)) return load_pair(folder / kPairFile);
  if (is_file(folder / kWordPieceFile)) return load_vocabulary(folder / kWordPieceFile);
  return fail(ErrorCategory::kNotFound,
              fmt::format("{} holds no tokenizer: neither {}, nor {} with {}, nor {}",
                          folder.string(), kTokenizerFile, kPairFile, kMergesFile, kWordPieceFile),
              "name the file itself, or the folder that holds one of them");
}

}  // namespace

Result<LoadedTokenizer> load_tokenizer(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return load_folder(path);
  return path.extension() == ".json" ? load_json(path) : load_vocabulary(path);
}

}  // namespace edgetran::data
