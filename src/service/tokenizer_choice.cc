#include "service/tokenizer_choice.h"

#include <fmt/format.h>

#include <utility>

#include "base/files.h"
#include "weights/model_folder.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Result;
namespace fs = std::filesystem;

Result<ChosenTokenizer> choose_tokenizer(const fs::path& path, const fs::path& cache) {
  ChosenTokenizer chosen;
  EDGETRAN_ASSIGN(chosen.loaded, data::load_tokenizer(path));
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  const bool pair = path.filename() == "vocab.json" ||
                    (folder && !fs::exists(path / chosen.loaded.file_name, ignored));
  if (!pair) {
    chosen.file = folder ? path / chosen.loaded.file_name : path;
    return chosen;
  }
  const fs::path own = cache / ("tokenizer-" + chosen.tokenizer().content_hash().substr(0, 32));
  chosen.file = own / chosen.loaded.file_name;
  EDGETRAN_TRY(base::make_folder(own));
  EDGETRAN_TRY(base::write_file_atomic(chosen.file, chosen.loaded.text));
  return chosen;
}

Result<ChosenTokenizer> tokenizer_of(const fs::path& model, const std::string& flag,
                                     const fs::path& cache) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(model));
  fs::path path = flag;
  if (flag.empty()) {
    if (!fs::is_directory(model) || info.tokenizer.empty())
      return base::fail(ErrorCategory::kUsage,
                        fmt::format("'{}' comes without a vocabulary", model.string()),
                        "give --vocabulary: a vocab.txt, a tokenizer.json, or a folder with "
                        "vocab.json and merges.txt");
    path = model / info.tokenizer;
  }
  EDGETRAN_ASSIGN(ChosenTokenizer chosen, choose_tokenizer(path, cache));
  // An imported model's own may be smaller: embeddings are often padded to a round size.
  const int64_t entries = chosen.tokenizer().vocabulary_size();
  if (entries > info.spec.vocabulary || (entries < info.spec.vocabulary && !flag.empty()))
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("'{}' has {} entries, the model has a vocabulary of {}",
                                  path.string(), entries, info.spec.vocabulary),
                      "use the vocabulary the model was made for, or change the spec");
  return chosen;
}

}  // namespace edgetran::service
