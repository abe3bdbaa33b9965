#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/config.h"
#include "base/event.h"
#include "base/json.h"
#include "base/result.h"
#include "train/precision.h"

namespace edgetran::train {

// Events of a job, in the order in which they can come: started, (progress | checkpoint | evaluated
// | rollback)..., evaluated, finished by the result. Field names are those of docs/protocol.md.

/// "started": what the job will do.
struct Started {
  int64_t parameters = 0;     ///< trainable numbers
  int64_t budget_tokens = 0;  ///< where the schedule ends
  int64_t stop_tokens = 0;    ///< where this job ends
  int64_t resumed_step = 0;   ///< 0: from the beginning
};

/// "progress": after a step.
struct Progress {
  int64_t step = 0;
  int64_t tokens = 0;
  double loss = 0;  ///< of this step's batch
  double tokens_per_s = 0;
  double learning_rate = 0;
  double eta_s = 0;         ///< to the end of this job
  int64_t stop_tokens = 0;  ///< where this job ends
};

/// "checkpoint": the state of this step is safe on disk.
struct Checkpointed {
  int64_t step = 0;
  int64_t tokens = 0;
};

/// "rollback": training diverged and goes on from an earlier state.
struct RolledBack {
  int64_t step = 0;        ///< that went wrong
  int64_t to_step = 0;     ///< whose state is gone back to; 0: the beginning
  std::string reason;      ///< "the loss is nan"
  int64_t rollbacks = 0;   ///< of this job so far
  double rate_factor = 1;  ///< of the learning rate from here on
};

base::Event to_event(const Started& started);
base::Event to_event(const Progress& progress);
base::Event to_event(const Checkpointed& checkpoint);
base::Event to_event(const RolledBack& rollback);
/// "evaluated" with the metrics as its fields and, while training goes on, `step` (0: none).
base::Event evaluated_event(const base::Json& metrics, int64_t step = 0);

/// What a finished job reports.
struct TrainResult {
  /// Numbers by name: accuracy, loss, macro_f1 (classification); loss, rmse, pearson (regression);
  /// valid_loss (pre-training). Empty without `dev`.
  base::Json metrics = base::Json::object();
  double loss = 0;          ///< moving average over about the last fifty training steps
  double seconds = 0;       ///< of the job
  double tokens_per_s = 0;  ///< of the median step, first tenth of the steps dropped
  double examples_per_s = 0;
  int64_t tokens = 0;  ///< in all, with those before a resume
  int64_t steps = 0;
  uint64_t peak_memory_bytes = 0;
  std::filesystem::path model;  ///< folder written; empty where none
  int64_t best_step = 0;        ///< whose weights were handed over; 0: the last
  bool stopped_early = false;
  int64_t rollbacks = 0;  ///< times that training went back
  /// What was computed in; fp32 where bf16 was asked for and the device has none.
  Precision precision = Precision::kFp32;
};

base::Json result_json(const TrainResult& result);
/// Strict reading of the same; a wrong field is a protocol error.
base::Result<TrainResult> read_result(const base::ConfigValue& value);

}  // namespace edgetran::train
