#pragma once

#include <optional>

#include "base/cancel.h"
#include "base/event.h"
#include "base/result.h"
#include "train/events.h"
#include "train/job.h"
#include "train/job_client.h"

namespace edgetran::service {

/// A worker that is started when it is needed and again when it was killed or crashed; its job,
/// which goes on from its checkpoint, is then tried again, up to kTries times in all. Running out
/// of memory, an error that the job reports, and a missing program are not tried again. Not
/// thread-safe.
class SteadyWorker {
 public:
  static constexpr int kTries = 6;

  explicit SteadyWorker(train::WorkerOptions options) : options_(std::move(options)) {}
  base::Result<train::TrainResult> run(const train::TrainJob& job, base::EventSink& events,
                                       const base::CancelToken& cancel);

 private:
  base::Result<train::TrainResult> attempt(const train::TrainJob& job, base::EventSink& events,
                                           const base::CancelToken& cancel, bool& vanished);
  train::WorkerOptions options_;
  std::optional<train::JobClient> client_;
};

}  // namespace edgetran::service
