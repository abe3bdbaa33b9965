#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/cancel.h"
#include "base/event.h"
#include "base/result.h"
#include "search/method.h"
#include "train/events.h"
#include "train/job.h"
#include "train/job_client.h"

namespace edgetran::service {

/// Jobs of one item of training work, run in turn by one worker; the last one's result counts.
struct TrainingTask {
  search::Work work;
  std::vector<train::TrainJob> jobs;
};

struct TrainingDone {
  search::Work work;
  base::Result<train::TrainResult> result;
};

/// A few worker processes (steady_worker.h), each fed by a thread of its own. Used from one thread.
class TrainingPool {
 public:
  /// `events` outlives the pool and is thread-safe; its events get a "title".
  TrainingPool(size_t workers, train::WorkerOptions options, base::EventSink& events,
               base::CancelToken cancel);
  /// Ends the workers; where jobs are still running, requests cancellation on the token.
  ~TrainingPool();
  TrainingPool(const TrainingPool&) = delete;
  TrainingPool& operator=(const TrainingPool&) = delete;

  void submit(TrainingTask task);
  /// Tasks submitted whose result was not taken yet.
  size_t pending() const;
  /// Workers that have nothing to do.
  size_t idle() const;
  /// The next result; pending() must not be 0.
  TrainingDone wait();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgetran::service
