#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "graph/graph.h"
#include "weights/model_folder.h"
#include "weights/weights.h"

namespace edgetran::service {

/// A model folder in memory.
struct LoadedModel {
  weights::ModelInfo info;
  graph::Graph graph;
  weights::Weights weights;
  std::string vocabulary;  ///< text of its vocab.txt; empty without one
};

/// Reads a model folder; `mask`: its graph takes an attention_mask. kUsage for a spec alone, and
/// the errors of the readers.
base::Result<LoadedModel> load_model_folder(const std::filesystem::path& folder, bool mask);

/// kUsage where both are one folder: what is read would be overwritten.
base::Status check_other_folder(const std::filesystem::path& from, const std::filesystem::path& to);

/// SHA-256 of a folder's model.safetensors.
base::Result<std::string> weights_hash(const std::filesystem::path& folder);

}  // namespace edgetran::service
