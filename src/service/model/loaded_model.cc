#include "service/model/loaded_model.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/hash.h"
#include "encoder/encoder.h"

namespace edgetran::service {

using base::ErrorCategory;
namespace fs = std::filesystem;

base::Result<LoadedModel> load_model_folder(const fs::path& folder, bool mask) {
  LoadedModel model;
  EDGETRAN_ASSIGN(model.info, weights::read_model_info(folder));
  if (!fs::is_directory(folder))
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("'{}' is a spec without weights", folder.string()),
                      "make a model folder first: edgetran model init SPEC --out DIR");
  encoder::BuildOptions options = weights::build_options(model.info);
  options.mask = mask;
  EDGETRAN_ASSIGN(model.graph, encoder::build_encoder(model.info.spec, options));
  EDGETRAN_ASSIGN(model.weights,
                  weights::load_weights(folder / weights::kWeightsFile, model.graph));
  if (!model.info.tokenizer.empty()) {
    EDGETRAN_ASSIGN(model.vocabulary, base::read_file(folder / model.info.tokenizer));
  }
  return model;
}

base::Status check_other_folder(const fs::path& from, const fs::path& to) {
  std::error_code ignored;
  if (!fs::equivalent(from, to, ignored)) return {};
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("--out is the folder that is read, {}", from.string()),
                    "name another folder");
}

base::Result<std::string> weights_hash(const fs::path& folder) {
  return base::sha256_file(folder / weights::kWeightsFile);
}

}  // namespace edgetran::service
