#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/batching.h"
#include "data/masking.h"
#include "data/token_file.h"
#include "train/job.h"
#include "train/torch/engine.h"
#include "train/torch/model.h"

namespace edgetran::train::torch_engine {

/// What one step works on.
struct StepBatch {
  std::vector<at::Tensor> inputs;  ///< in the order of the graph's inputs
  at::Tensor targets;              ///< classes [rows] int64, scores [rows] float32
  int64_t tokens = 0;              ///< that count towards the budget
  int64_t examples = 0;
};

/// What is learned from which data: a source of batches that can be put back to where it was, and a
/// loss. Batches depend only on (data, settings, seed, cursor, step).
class Objective {
 public:
  virtual ~Objective() = default;
  /// Name of the graph's output that loss() reads.
  virtual std::string output() const = 0;
  virtual StepBatch next(int64_t step) = 0;
  /// Scalar; may use up the memory of `output`.
  virtual at::Tensor loss(const at::Tensor& output, const at::Tensor& targets) const = 0;
  virtual int64_t tokens_in_epoch() const = 0;
  virtual data::BatchCursor cursor() const = 0;
  virtual void seek(data::BatchCursor cursor) = 0;
};

/// Masked language modelling on packed blocks (kPretrain).
std::unique_ptr<Objective> make_pretrain_objective(const TrainJob& job, const graph::Graph& graph,
                                                   const data::TokenFile& file);
/// Classification or regression on length-bucketed rows (kFinetune).
std::unique_ptr<Objective> make_finetune_objective(const TrainJob& job, const graph::Graph& graph,
                                                   const data::TokenFile& file);

/// A batch as the graph's inputs. The mask is left undefined where no row is padded;
/// `selected` (flat positions) where the graph asks for selected_positions.
std::vector<at::Tensor> graph_inputs(const graph::Graph& graph, const data::Batch& batch,
                                     std::span<const int64_t> selected = {});

/// A tensor of its own with these values.
at::Tensor int64_tensor(std::span<const int32_t> values, at::IntArrayRef shape);
at::Tensor int64_tensor(std::span<const int64_t> values, at::IntArrayRef shape);

}  // namespace edgetran::train::torch_engine
