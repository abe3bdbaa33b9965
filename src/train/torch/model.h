#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/token_file.h"
#include "encoder/encoder.h"
#include "graph/graph.h"
#include "weights/model_folder.h"
#include "weights/weights.h"

namespace edgetran::train::torch_engine {

/// A model in memory: what it is, its computation, its numbers.
struct Model {
  weights::ModelInfo info;
  graph::Graph graph;
  weights::Weights weights;
  std::string vocabulary;  ///< text of its vocab.txt; empty where it has none
};

/// What training is to make of a source model.
struct Target {
  encoder::TaskHead head = encoder::TaskHead::kClassifier;
  int64_t labels = 0;                    ///< kClassifier: outputs
  std::vector<std::string> label_names;  ///< kClassifier: empty for regression
  bool hidden_states = false;            ///< outputs hidden_states.i, for distillation
};

/// The model of a folder, or of a spec file with fresh weights, with the head that `target` asks
/// for. Everything that the source has is kept, the classifier only where it answers the same
/// labels; what it lacks is drawn from `seed`. Errors: those of reading the files.
base::Result<Model> load_for_training(const std::filesystem::path& source, const Target& target,
                                      uint64_t seed);

/// The model of a folder as it is, with a graph that reads an attention mask.
base::Result<Model> load_trained(const std::filesystem::path& folder);

/// Whether the model can read the file's rows: vocabulary, lengths (`length`: the longest that will
/// be fed), token types. kUsage with both sides' numbers where not.
base::Status check_fit(const Model& model, const data::TokenFile& file, int64_t length,
                       const std::filesystem::path& path);

/// Number of outputs that a classifier for this file has: labels, or 1 for scores. kUsage for text.
base::Result<int64_t> count_outputs(const data::TokenFile& file, const std::filesystem::path& path);

}  // namespace edgetran::train::torch_engine
