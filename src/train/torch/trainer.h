#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "base/result.h"
#include "train/events.h"
#include "train/job.h"
#include "train/torch/adamw.h"
#include "train/torch/batch_feed.h"
#include "train/torch/checkpoint.h"
#include "train/torch/interpreter.h"
#include "train/torch/model.h"
#include "train/torch/objective.h"
#include "train/torch/pace.h"

namespace edgetran::train::torch_engine {

/// What a trainer works with besides job, model and objective.
struct TrainerContext {
  base::EventSink& events;
  base::CancelToken cancel;
  base::Clock& clock;
  std::string fingerprint;  ///< of everything that decides the result (checkpoint.h)
  at::Device device = at::kCPU;
  /// The weights that training began with, made or read again: training that goes back to its
  /// beginning asks for them, rather than a copy is kept all the time.
  std::function<base::Result<weights::Weights>()> begin;
  /// Metrics of these parameters on dev; empty: no evaluation while training. kFailed where an
  /// output is not finite.
  std::function<base::Result<base::Json>(std::span<const at::Tensor>)> evaluate{};
};

/// The training loop: resume, steps, evaluation, early stopping, progress, checkpoints, going back
/// after divergence, stop. The numbers depend on the job and its files only: an interrupted and
/// resumed run gives the same losses and weights, bit for bit on one thread of a CPU.
///
/// Training has diverged where the loss, a gradient, a weight or an output on dev is not finite, or
/// where the mean loss of the last steps is more than ten times what guessing costs. It then goes
/// back to the last good state and goes on at half the learning rate, at most `rollbacks` times.
/// The states of the multiples of rollback_interval are kept; one is good once training has come to
/// the next, because weights that explode show it steps later only. Before the first, and without a
/// checkpoint folder, the beginning is the good state. What early stopping has seen is kept.
class Trainer {
 public:
  /// Everything passed in outlives the trainer. `model.weights` start the training and are gone
  /// from the model then.
  Trainer(const TrainJob& job, Model& model, Objective& objective, const TrainerContext& context);

  /// Trains to the job's stopping point and leaves a checkpoint there; with early stopping the best
  /// weights are then the parameters. Fills loss, tokens, steps, rates and what was stopped or gone
  /// back of the result. Errors: kInterrupted after a cancel (a checkpoint is written), kFailed
  /// where training diverged once too often (the checkpoint is the last good state), kResource when
  /// a checkpoint cannot be written (the one before stays).
  base::Result<TrainResult> run();

  std::span<const at::Tensor> parameters() const { return optimizer_.parameters(); }

 private:
  /// What is wrong with the numbers, in words; nullopt: nothing.
  using Trouble = std::optional<std::string>;

  base::Status resume();
  base::Status loop();
  base::Result<Trouble> advance();
  Trouble train_step();
  Trouble run_pieces(const StepBatch& batch, double& total, double& task);
  Trouble update(double learning_rate);
  void account(const StepBatch& batch, double total, double task);
  bool evaluation_due() const;
  base::Result<Trouble> evaluate();
  base::Result<bool> read_metric(const base::Json& metrics);
  base::Status roll_back(const std::string& reason);
  base::Status restore_good_state();
  base::Status restart();
  void note_candidate();
  base::Status name_candidate();
  base::Status save();
  base::Error diverged(const std::string& what) const;
  base::Error interrupted() const;
  double learning_rate(const StepBatch& batch) const;
  bool finished() const;
  bool at_rollback_step() const;
  int64_t stop_tokens() const;
  std::filesystem::path file(const std::string& name) const { return job_.checkpoint / name; }

  const TrainJob& job_;
  Objective& objective_;
  TrainerContext context_;
  AdamW optimizer_;
  std::vector<TrainedPart> parts_;  ///< the model, and the objective's companion
  Interpreter interpreter_;
  BatchFeed feed_;
  BestWeights best_;
  TrainState state_;
  int64_t budget_tokens_;
  double guess_loss_;
  int64_t attempted_step_ = 1;  ///< the latest that was begun
  bool epoch_ended_ = false;    ///< with the latest step
  int64_t saved_step_ = -1;  ///< step of the checkpoint on disk; -1: none, or of a state left since
  double saved_s_ = 0;
  Pace pace_;
};

}  // namespace edgetran::train::torch_engine
