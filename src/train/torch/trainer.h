#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/result.h"
#include "train/events.h"
#include "train/job.h"
#include "train/torch/adamw.h"
#include "train/torch/checkpoint.h"
#include "train/torch/interpreter.h"
#include "train/torch/model.h"
#include "train/torch/objective.h"

namespace edgetran::train::torch_engine {

/// What a trainer works with besides job, model and objective.
struct TrainerContext {
  base::EventSink& events;
  base::CancelToken cancel;
  base::Clock& clock;
  std::string fingerprint;  ///< of everything that decides the result (checkpoint.h)
};

/// The training loop: resume, steps, progress, checkpoints, stop. The numbers depend on the job and
/// its files only: an interrupted and resumed run gives the same losses and weights, bit for bit on
/// one thread.
class Trainer {
 public:
  /// Everything passed in outlives the trainer. `model.weights` start the training.
  Trainer(const TrainJob& job, const Model& model, Objective& objective,
          const TrainerContext& context);

  /// Trains to the job's stopping point and leaves a checkpoint there. Fills loss, tokens, steps
  /// and the rates of the result. Errors: kInterrupted after a cancel (a checkpoint is written),
  /// kFailed when the loss or a gradient is not finite (the last checkpoint stays), kResource when
  /// a checkpoint cannot be written (the one before stays).
  base::Result<TrainResult> run();

  std::span<const at::Tensor> parameters() const { return optimizer_.parameters(); }

 private:
  base::Status resume();
  base::Status loop();
  base::Status train_step();
  base::Status save();
  base::Error diverged(const std::string& what) const;
  base::Error interrupted() const;
  void report_progress(double loss, double learning_rate);
  int64_t stop_tokens() const;

  const TrainJob& job_;
  const Model& model_;
  Objective& objective_;
  TrainerContext context_;
  AdamW optimizer_;
  Interpreter interpreter_;
  TrainState state_;
  int64_t budget_tokens_;
  int64_t saved_step_ = -1;  ///< step of the checkpoint on disk; -1: none
  double saved_s_ = 0, reported_s_ = 0;
  int64_t reported_tokens_ = 0;
  struct Rate {
    double tokens_per_s = 0, examples_per_s = 0;
  };
  std::vector<Rate> rates_;  ///< of the steps of this job
};

}  // namespace edgetran::train::torch_engine
