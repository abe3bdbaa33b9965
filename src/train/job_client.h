#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/cancel.h"
#include "base/event.h"
#include "base/result.h"
#include "train/events.h"
#include "train/job.h"

namespace edgetran::train {

struct WorkerOptions {
  /// The worker program; empty: edgetran-worker beside the running executable.
  std::filesystem::path program{};
  std::filesystem::path log{};      ///< receives the worker's stderr; empty: inherited
  uint64_t memory_limit_bytes = 0;  ///< address space of the worker; 0: none
  double hello_timeout_s = 60;      ///< a cold disk may take its time to load the engine
};

/// A worker process and the conversation with it. Runs one job at a time, any number in turn (a
/// new process costs the loading of the engine). The process never outlives this object, nor the
/// program that holds it. Not thread-safe.
class JobClient {
 public:
  /// Starts the program and agrees on the protocol. Errors: kNotFound without the program,
  /// kProtocol where it is not a worker or too old or new.
  static base::Result<JobClient> start(const WorkerOptions& options);
  JobClient(JobClient&&) noexcept;
  JobClient& operator=(JobClient&&) noexcept;
  ~JobClient();

  /// Runs the job to its end; events go to `sink` as they come. A request on `cancel` lets the
  /// worker finish its step, write a checkpoint and report: kInterrupted. A second request kills
  /// it. A crash is kFailed and an out-of-memory kill kResource, both with the exit reason; noise
  /// on the line is kProtocol. After any of these three alive() is false.
  base::Result<TrainResult> run(const TrainJob& job, base::EventSink& sink,
                                const base::CancelToken& cancel);

  /// Whether another job can be run.
  bool alive() const;

 private:
  struct Impl;
  explicit JobClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// start and run in one call.
base::Result<TrainResult> run_job(const TrainJob& job, const WorkerOptions& options,
                                  base::EventSink& sink, const base::CancelToken& cancel);

}  // namespace edgetran::train
