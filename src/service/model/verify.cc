#include "service/model/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "data/vocabulary.h"
#include "encoder/encoder.h"
#include "onnx/export.h"
#include "service/model/loaded_model.h"

namespace edgetran::service {
namespace {

namespace fs = std::filesystem;

/// Long enough to run every operator.
constexpr int64_t kCheckedLength = 16;

template <class T>
Check outcome(const std::string& name, const base::Result<T>& result, const std::string& detail) {
  return {.name = name,
          .passed = result.has_value(),
          .detail = result ? detail : result.error().message};
}

Check check_vocabulary(const fs::path& folder, const weights::ModelInfo& info) {
  const auto vocabulary = data::Vocabulary::load(folder / info.tokenizer);
  if (!vocabulary) return outcome("vocabulary", vocabulary, "");
  const bool fits = vocabulary->size() == info.spec.vocabulary;
  return {.name = "vocabulary",
          .passed = fits,
          .detail = fits ? fmt::format("{} entries", vocabulary->size())
                         : fmt::format("{} has {} entries, the model a vocabulary of {}",
                                       info.tokenizer, vocabulary->size(), info.spec.vocabulary)};
}

Check check_export(const LoadedModel& model) {
  const int64_t length = std::min(kCheckedLength, model.info.spec.positions);
  const auto bytes = onnx::export_onnx(model.graph, model.weights, {.batch = 1, .length = length});
  return outcome("onnx", bytes, bytes ? fmt::format("{} bytes", bytes->size()) : "");
}

}  // namespace

std::vector<Check> check_folder(const fs::path& folder) {
  std::vector<Check> checks;
  const auto info = weights::read_model_info(folder);
  if (info && !fs::is_directory(folder)) {
    checks.push_back({.name = "format", .passed = false, .detail = "it is a spec without weights"});
    return checks;
  }
  checks.push_back(outcome("format", info, std::string(weights::kModelFormat)));
  if (!info) return checks;
  const auto graph = encoder::build_encoder(info->spec, weights::build_options(*info));
  checks.push_back(outcome("spec", graph, "hash " + space::canonical_hash(info->spec)));
  if (!info->tokenizer.empty()) checks.push_back(check_vocabulary(folder, *info));
  if (!graph) return checks;
  auto weights = weights::load_weights(folder / weights::kWeightsFile, *graph);
  const auto hash = weights_hash(folder);
  checks.push_back(outcome("weights", weights,
                           weights ? fmt::format("{} finite values, sha256 {}",
                                                 weights->element_count(), hash.value_or("unknown"))
                                   : ""));
  if (!weights) return checks;
  checks.push_back(check_export(
      {.info = *info, .graph = *graph, .weights = std::move(*weights), .vocabulary = {}}));
  return checks;
}

}  // namespace edgetran::service
