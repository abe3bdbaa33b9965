#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/batching.h"
#include "data/masking.h"
#include "data/token_file.h"
#include "train/job.h"
#include "train/torch/adamw.h"
#include "train/torch/engine.h"
#include "train/torch/inputs.h"
#include "train/torch/model.h"

namespace edgetran::train::torch_engine {

/// A part of a step's rows that is computed at once. Losses are means, so each piece says which
/// share of the step's mean it has: the sum over pieces is the loss of all rows together.
struct Piece {
  std::vector<at::Tensor> inputs;  ///< in the order of the graph's inputs; host memory
  at::Tensor targets;              ///< classes [rows] int64, scores [rows] float32; host memory
  double task_share = 1;           ///< masked positions, rows, or the weights of their classes
  double output_share = 1;         ///< rows of the output that the loss reads
  double position_share = 1;       ///< valid positions
};

/// What one step works on.
struct StepBatch {
  std::vector<Piece> pieces;
  int64_t tokens = 0;  ///< that count towards the budget
  int64_t examples = 0;
  data::BatchCursor cursor;  ///< of the batch after this one
};

/// Loss of a piece, multiplied by its share: scalars to be added up over the step's pieces.
struct PieceLoss {
  at::Tensor total;  ///< what is trained on
  at::Tensor task;   ///< of the data alone, to be compared with guess_loss()
};

/// Parameters that are trained along with the model and are no part of it.
struct Companion {
  std::string prefix;  ///< of their names in a checkpoint
  graph::Graph graph;
  weights::Weights start;
  std::unique_ptr<AdamW> optimizer;
};

/// What is learned from which data: a source of batches that can be put back to where it was, and a
/// loss. Batches depend only on (data, settings, seed, cursor, step). next() and seek() may run in
/// another thread than loss().
class Objective {
 public:
  virtual ~Objective() = default;
  /// Names of the graph's outputs that loss() reads.
  virtual std::vector<std::string> outputs() const = 0;
  virtual StepBatch next(int64_t step) = 0;
  virtual void seek(data::BatchCursor cursor) = 0;
  /// `outputs` in the order of outputs(); their memory may be used up. `piece` is on the device.
  virtual PieceLoss loss(std::span<const at::Tensor> outputs, const Piece& piece) const = 0;
  /// What always giving the same answer costs: a loss far above it is training that diverged.
  virtual double guess_loss() const = 0;
  virtual int64_t tokens_in_epoch() const = 0;
  /// nullptr where the model is all that is trained.
  virtual Companion* companion() { return nullptr; }
};

/// Masked language modelling on packed blocks (kPretrain). `graph` and `file` outlive it.
std::unique_ptr<Objective> make_pretrain_objective(const TrainJob& job, const graph::Graph& graph,
                                                   const data::TokenFile& file, at::Device device);
/// Classification or regression on length-bucketed rows (kFinetune). kUsage where class weights or
/// smoothing do not fit the labels.
base::Result<std::unique_ptr<Objective>> make_finetune_objective(const TrainJob& job,
                                                                 const graph::Graph& graph,
                                                                 const data::TokenFile& file,
                                                                 at::Device device);

}  // namespace edgetran::train::torch_engine
