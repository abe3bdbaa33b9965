#pragma once

#include "base/cancel.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/result.h"
#include "train/events.h"
#include "train/job.h"
#include "train/torch/engine_errors.h"

namespace edgetran::train::torch_engine {

/// What a job runs with.
struct JobContext {
  const TrainJob& job;
  base::EventSink& events;
  base::CancelToken cancel;
  base::Clock& clock;
  JobSize& size;  ///< filled in as it becomes known
};

/// kPretrain, kFinetune: loads, trains, evaluates on dev, writes the model folder.
base::Result<TrainResult> run_training(const JobContext& context);
/// kEvaluate: metrics of a trained model on dev.
base::Result<TrainResult> run_evaluation(const JobContext& context);

}  // namespace edgetran::train::torch_engine
