#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "data/load_tokenizer.h"

namespace edgetran::service {

/// A tokenizer and the file that model folders keep of it: named vocab.txt or *.json.
struct ChosenTokenizer {
  std::filesystem::path file;
  data::LoadedTokenizer loaded;

  const data::Tokenizer& tokenizer() const { return *loaded.tokenizer; }
};

/// The tokenizer at `path`, of any kind that data::load_tokenizer() takes. Where there is no single
/// file of it (vocab.json with merges.txt), one is written into `cache`, named by its content.
base::Result<ChosenTokenizer> choose_tokenizer(const std::filesystem::path& path,
                                               const std::filesystem::path& cache);

/// The tokenizer for a model: that of `flag` where given, else the one in the model folder. kUsage
/// where there is neither, or where its size is not that of the spec.
base::Result<ChosenTokenizer> tokenizer_of(const std::filesystem::path& model,
                                           const std::string& flag,
                                           const std::filesystem::path& cache);

}  // namespace edgetran::service
