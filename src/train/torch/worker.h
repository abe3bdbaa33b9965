#pragma once

#include <string>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/result.h"
#include "train/events.h"
#include "train/job.h"
#include "wire/service.h"

namespace edgetran::train::torch_engine {

/// Runs a job in this process and thread (plus job.threads - 1 of the engine's). Errors of the
/// files and of training as in model.h and trainer.h; running out of memory is kResource.
base::Result<TrainResult> run_job_here(const TrainJob& job, base::EventSink& events,
                                       const base::CancelToken& cancel, base::Clock& clock);

/// The worker's service "train": the verb `run` with a job (docs/protocol.md, "Worker").
wire::Service make_service();

/// libtorch as a runtime of the agent: the service "runtime" (docs/protocol.md, "Runtime"), which
/// takes packed models (weights/packed_model.h) and runs them without gradients.
wire::Service make_runtime_service();

/// Settings of the process that have to be made before the first job: memory that was freed stays
/// with the process, one thread between operators. Call once, first thing in main.
void prepare_process();

/// "2.13.0": version of the engine.
std::string engine_version();

}  // namespace edgetran::train::torch_engine
