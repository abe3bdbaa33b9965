#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/batching.h"
#include "graph/graph.h"
#include "train/early_stopping.h"
#include "train/torch/adamw.h"

namespace edgetran::train::torch_engine {

/// Where training stands, beside the tensors. With the job it decides everything that follows:
/// batches come from (seed, cursor), masks and dropout from (seed, step).
struct TrainState {
  int64_t step = 0;    ///< finished steps
  int64_t tokens = 0;  ///< consumed
  data::BatchCursor cursor;
  double loss_average = 0;  ///< decayed sum of losses; over loss_weight it is the mean
  double task_average = 0;  ///< the same of the data's loss alone (no teacher)
  double loss_weight = 0;
  int64_t rollbacks = 0;  ///< each halves the learning rate
  /// Steps whose states diverged training can go back to (0: the beginning): the latest one kept,
  /// and the one before, which is good: training got past the latest from it.
  int64_t candidate_step = 0, good_step = 0;
  /// Where training last went back to, and how many times in a row it did.
  int64_t returned_to = 0, returns = 0;
  StoppingState stopping;
};

/// Parameters with their optimiser, named `prefix` + parameter in a checkpoint.
struct TrainedPart {
  std::string prefix;
  const graph::Graph* graph = nullptr;
  AdamW* optimizer = nullptr;
};

/// The latest state in a checkpoint folder. Beside it: rollback-STEP.safetensors, states to go back
/// to; best-STEP.safetensors, the best weights on dev.
inline constexpr const char* kCheckpointFile = "checkpoint.safetensors";
/// "rollback-12.safetensors" of ("rollback", 12).
std::string step_file(std::string_view kind, int64_t step);
/// Removes the files of this kind of other steps than these.
void remove_other_steps(const std::filesystem::path& folder, std::string_view kind,
                        std::initializer_list<int64_t> kept);

/// Whether all weights and moments are finite numbers.
bool all_finite(std::span<const TrainedPart> parts);

/// Writes state, weights and moments as one file (the state as JSON in its header) that appears
/// whole or not at all; the one before stays good until then. kResource on a full disk.
base::Status write_checkpoint(const std::filesystem::path& file, const std::string& fingerprint,
                              std::span<const TrainedPart> parts, const TrainState& state);

/// Restores weights, moments and step counts into the parts; nullopt where there is no such file.
/// kUsage where it is another job's (its fingerprint differs) or of another version of the format,
/// kCorrupt where damaged.
base::Result<std::optional<TrainState>> read_checkpoint(const std::filesystem::path& file,
                                                        const std::string& fingerprint,
                                                        std::span<const TrainedPart> parts);

/// Makes `copy`, where another file may be, a second name of `file` (a copy where the file system
/// has no links), whole or not at all.
base::Status duplicate(const std::filesystem::path& file, const std::filesystem::path& copy);

/// The weights that were the best on dev so far: in files best-STEP.safetensors of a folder, or in
/// memory where there is no folder.
class BestWeights {
 public:
  /// An empty folder: in memory. `part` outlives it.
  BestWeights(std::filesystem::path folder, const TrainedPart& part);
  /// Keeps the part's weights as those of `step`, beside earlier ones.
  base::Status keep(int64_t step);
  /// Removes the files of other steps: called when no checkpoint names them any more.
  void forget_others(int64_t step) const;
  /// Puts the weights of `step` into the part. kCorrupt where they are not there.
  base::Status restore(int64_t step) const;

 private:
  std::filesystem::path file_of(int64_t step) const;
  std::filesystem::path folder_;
  TrainedPart part_;
  std::vector<at::Tensor> kept_;
};

}  // namespace edgetran::train::torch_engine
