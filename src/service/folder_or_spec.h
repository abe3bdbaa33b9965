#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "graph/graph.h"
#include "service/study/hardware.h"
#include "weights/model_folder.h"
#include "weights/weights.h"

namespace edgetran::service {

/// What can be measured: graph and weights of a model folder, or of a spec with seeded random
/// weights.
struct FolderOrSpec {
  weights::ModelInfo info;
  graph::Graph graph;
  weights::Weights weights;

  DeployableModel deployable() const { return {graph, weights, info.spec.vocabulary, info}; }
};

/// Reads the folder or the spec file at `path`; `mask`: its graph takes an attention_mask, `seed`:
/// of a spec's weights. The errors of the readers.
base::Result<FolderOrSpec> read_folder_or_spec(const std::string& path, bool mask, int64_t seed);

}  // namespace edgetran::service
