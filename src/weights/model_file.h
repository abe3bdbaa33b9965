#pragma once

#include "base/files.h"
#include "base/result.h"
#include "graph/graph.h"
#include "weights/weights.h"

namespace edgetran::weights {

/// save_weights into a file that the caller commits.
base::Status stage_weights(base::AtomicFile& file, const Weights& weights,
                           const graph::Graph& graph);

}  // namespace edgetran::weights
