#include "service/folder_or_spec.h"

#include <filesystem>
#include <utility>

#include "base/random.h"
#include "encoder/encoder.h"

namespace edgetran::service {

base::Result<FolderOrSpec> read_folder_or_spec(const std::string& path, bool mask, int64_t seed) {
  EDGETRAN_ASSIGN(auto info, weights::read_model_info(path));
  auto options = weights::build_options(info);
  options.mask = mask;
  EDGETRAN_ASSIGN(auto graph, encoder::build_encoder(info.spec, options));
  weights::Weights weights;
  if (std::filesystem::is_directory(path)) {
    EDGETRAN_ASSIGN(
        weights, weights::load_weights(std::filesystem::path(path) / weights::kWeightsFile, graph));
  } else {
    weights =
        weights::initialize(graph, base::RandomStream(static_cast<uint64_t>(seed), "initialize"),
                            weights::Initialization::kTraining);
  }
  return FolderOrSpec{std::move(info), std::move(graph), std::move(weights)};
}

}  // namespace edgetran::service
