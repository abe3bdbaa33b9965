#include "train/torch/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/files.h"
#include "base/random.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

constexpr std::string_view kClassifier = "classifier.";

base::Result<std::string> read_vocabulary(const weights::ModelInfo& info,
                                          const std::filesystem::path& folder) {
  if (info.tokenizer.empty()) return std::string();
  return base::read_file(folder / info.tokenizer);
}

/// Copies the parameters that both have; a classifier only where `keep_classifier`.
void copy_shared(const weights::Weights& source, bool keep_classifier, const graph::Graph& graph,
                 weights::Weights& target) {
  for (const graph::Parameter& parameter : graph.parameters()) {
    if (!keep_classifier && parameter.name.starts_with(kClassifier)) continue;
    const weights::Tensor* from = source.find(parameter.name);
    if (from != nullptr) *target.find(parameter.name) = *from;
  }
}

bool same_labels(const weights::ModelInfo& info, const Target& target) {
  return info.labels == target.labels &&
         (info.label_names.empty() || info.label_names == target.label_names);
}

base::Status load_source(const std::filesystem::path& folder, const Target& target, Model& model) {
  EDGETRAN_ASSIGN(const graph::Graph graph,
                  encoder::build_encoder(model.info.spec, weights::build_options(model.info)));
  EDGETRAN_ASSIGN(const weights::Weights source,
                  weights::load_weights(folder / weights::kWeightsFile, graph));
  EDGETRAN_ASSIGN(model.vocabulary, read_vocabulary(model.info, folder));
  copy_shared(source, same_labels(model.info, target), model.graph, model.weights);
  return {};
}

bool has_pairs(const data::TokenFile& file) {
  if (file.info().kind == data::Kind::kText) return false;
  for (int64_t row = 0; row < file.rows(); ++row) {
    if (file.second_start(row) < file.length(row)) return true;
  }
  return false;
}

}  // namespace

base::Result<Model> load_for_training(const std::filesystem::path& source, const Target& target,
                                      uint64_t seed) {
  Model model;
  EDGETRAN_ASSIGN(model.info, weights::read_model_info(source));
  encoder::BuildOptions options;
  options.head = target.head;
  options.labels = target.labels;
  options.hidden_states = target.hidden_states;
  options.mask = target.head == encoder::TaskHead::kClassifier;  // packed blocks have no padding
  EDGETRAN_ASSIGN(model.graph, encoder::build_encoder(model.info.spec, options));
  model.weights = weights::initialize(model.graph, base::RandomStream(seed, "weights"),
                                      weights::Initialization::kTraining);
  if (std::filesystem::is_directory(source)) EDGETRAN_TRY(load_source(source, target, model));
  model.info.mlm = target.head == encoder::TaskHead::kMaskedLanguageModel;
  model.info.labels = target.labels;
  model.info.label_names = target.label_names;
  return model;
}

base::Result<Model> load_trained(const std::filesystem::path& folder) {
  Model model;
  EDGETRAN_ASSIGN(model.info, weights::read_model_info(folder));
  if (!std::filesystem::is_directory(folder)) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} is a model spec without weights", folder.string()),
                      "make a model folder first: edgetran model init, pretrain or finetune");
  }
  encoder::BuildOptions options = weights::build_options(model.info);
  options.mask = true;
  EDGETRAN_ASSIGN(model.graph, encoder::build_encoder(model.info.spec, options));
  EDGETRAN_ASSIGN(model.weights,
                  weights::load_weights(folder / weights::kWeightsFile, model.graph));
  return model;
}

base::Status check_fit(const Model& model, const data::TokenFile& file, int64_t length,
                       const std::filesystem::path& path) {
  const space::ModelSpec& spec = model.info.spec;
  if (file.info().vocabulary_size > spec.vocabulary) {
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("{} was made with a vocabulary of {} tokens; the model has {}", path.string(),
                    file.info().vocabulary_size, spec.vocabulary),
        "prepare the data with the model's vocabulary, or set `vocabulary` in the spec");
  }
  if (length > spec.positions) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} would feed rows of {} tokens; the model has {} positions",
                                  path.string(), length, spec.positions),
                      "prepare the data with a smaller length, or raise `positions` in the spec");
  }
  if (spec.types < 2 && has_pairs(file)) {
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("{} holds pairs of texts; the model has one token type", path.string()),
        "set `types` to 2 in the spec");
  }
  return {};
}

base::Result<int64_t> count_outputs(const data::TokenFile& file,
                                    const std::filesystem::path& path) {
  switch (file.info().kind) {
    case data::Kind::kRegression:
      return 1;
    case data::Kind::kClassification:
      if (file.info().label_names.size() >= 2) {
        return static_cast<int64_t>(file.info().label_names.size());
      }
      return base::fail(
          ErrorCategory::kUsage,
          fmt::format("{} has one class only; a classifier needs two", path.string()));
    case data::Kind::kText:
      break;
  }
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("{} holds plain text without labels", path.string()),
                    "use it for pre-training, or prepare it with a label column");
}

}  // namespace edgetran::train::torch_engine
