#pragma once

#include <map>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "graph/graph.h"
#include "weights/safetensors.h"
#include "weights/weights.h"

namespace edgetran::weights {

/// load_weights of a file that is open already.
base::Result<Weights> read_weights(const SafetensorsFile& file, const graph::Graph& graph);

/// The bytes of the file that save_weights writes, with these text entries in its header.
std::string encode_weights(const Weights& weights, const graph::Graph& graph,
                           const std::map<std::string, std::string>& metadata);

/// save_weights into a file that the caller commits.
base::Status stage_weights(base::AtomicFile& file, const Weights& weights,
                           const graph::Graph& graph);

}  // namespace edgetran::weights
