#include "train/torch/worker.h"

#include <malloc.h>
#include <torch/version.h>

#include <exception>
#include <utility>

#include "base/config.h"
#include "base/process.h"
#include "base/version.h"
#include "train/torch/device.h"
#include "train/torch/engine.h"
#include "train/torch/engine_errors.h"
#include "train/torch/infer.h"
#include "train/torch/run_kinds.h"

namespace edgetran::train::torch_engine {
namespace {

base::Result<TrainResult> run_kind(const JobContext& context) {
  switch (context.job.kind) {
    case JobKind::kPretrain:
    case JobKind::kFinetune:
      return run_training(context);
    case JobKind::kEvaluate:
      return run_evaluation(context);
    case JobKind::kInfer:
      return infer(context.job, context.cancel);
  }
  base::check_failed("kind", __FILE__, __LINE__, "every kind of job");
}

/// The job in a precision that its device computes in: bf16 is asked for because it is fast, so
/// where it is not, training and evaluation are in fp32, and say so. Inference (kInfer) is for
/// comparisons and stays as asked.
base::Result<TrainJob> with_usable_precision(const TrainJob& job, base::EventSink& events) {
  EDGETRAN_ASSIGN(const at::Device device, find_device(job.device));
  TrainJob usable = job;
  if (job.kind == JobKind::kInfer || job.precision == Precision::kFp32 || computes_bf16(device))
    return usable;
  usable.precision = Precision::kFp32;
  events.emit({"warning",
               {{"text",
                 "this processor has no bfloat16 instructions; training computes in fp32 instead "
                 "of bf16"}}});
  return usable;
}

}  // namespace

base::Result<TrainResult> run_job_here(const TrainJob& job, base::EventSink& events,
                                       const base::CancelToken& cancel, base::Clock& clock) {
  EDGETRAN_TRY(check_job(job));
  const double begin_s = clock.now_s();
  JobSize size;
  try {
    at::set_num_threads(static_cast<int>(job.threads));
    // Moments of rare tokens decay into denormal numbers, which are a hundred times slower.
    at::globalContext().setFlushDenormal(true);
    auto result = run_kind({job, events, cancel, clock, size});
    if (!result) return result;
    result->seconds = clock.now_s() - begin_s;
    result->precision = job.precision;
    result->peak_memory_bytes = base::peak_rss_bytes();
    return result;
  } catch (const std::exception& error) {
    return base::fail(error_from_engine(error, job, size));
  }
}

wire::Service make_service() {
  wire::Hello self;
  self.program = "edgetran-worker";
  self.version = base::kVersion;
  self.service = "train";
  self.capabilities = {"pretrain", "finetune", "evaluate", "infer", "libtorch-" + engine_version()};
  wire::Service service(std::move(self));
  service.add("run", [](wire::Call& call) -> base::Result<wire::Answer> {
    EDGETRAN_ASSIGN(auto body,
                    base::ConfigMap::of(base::ConfigValue::from_json(call.body, "request")));
    EDGETRAN_ASSIGN(const auto value, body.require("job"));
    EDGETRAN_TRY(body.finish());
    EDGETRAN_ASSIGN(const TrainJob asked, read_job(value));
    EDGETRAN_ASSIGN(const TrainJob job, with_usable_precision(asked, call.events));
    base::SystemClock clock;
    EDGETRAN_ASSIGN(const TrainResult result, run_job_here(job, call.events, call.cancel, clock));
    return wire::Answer{.fields = result_json(result), .blob = {}};
  });
  return service;
}

void prepare_process() {
  // A step frees and takes hundreds of megabytes in the same pattern. Handed back to the system,
  // each page is faulted in and cleared again: 1.6 times the time of a step of a small encoder.
  constexpr int kLargestKept = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kLargestKept);
  mallopt(M_TRIM_THRESHOLD, -1);
  at::set_num_interop_threads(1);
}

std::string engine_version() { return TORCH_VERSION; }

}  // namespace edgetran::train::torch_engine
