#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "data/batching.h"
#include "graph/graph.h"
#include "train/torch/adamw.h"

namespace edgetran::train::torch_engine {

/// Where training stands, beside the tensors. With the job it decides everything that follows:
/// batches come from (seed, cursor), masks and dropout from (seed, step).
struct TrainState {
  int64_t step = 0;    ///< finished steps
  int64_t tokens = 0;  ///< consumed
  data::BatchCursor cursor;
  double loss_average = 0;  ///< decayed sum of losses; over loss_weight it is the mean
  double loss_weight = 0;
};

/// Writes state, weights and moments as one file (`checkpoint.safetensors`, the state as JSON in
/// its header) that appears whole or not at all; the one before stays good until then. kFailed
/// where a weight is not finite, kResource on a full disk.
base::Status write_checkpoint(const std::filesystem::path& folder, const std::string& fingerprint,
                              const graph::Graph& graph, const TrainState& state,
                              const AdamW& optimizer);

/// Restores weights, moments and step count into `optimizer`; nullopt where the folder has no
/// checkpoint. kUsage where it is another job's (its fingerprint differs), kCorrupt where damaged.
base::Result<std::optional<TrainState>> read_checkpoint(const std::filesystem::path& folder,
                                                        const std::string& fingerprint,
                                                        const graph::Graph& graph,
                                                        AdamW& optimizer);

}  // namespace edgetran::train::torch_engine
