#include "service/study/steady_worker.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Result;
using train::TrainResult;

/// One try; `vanished` where the process, not the job, was what failed.
Result<TrainResult> SteadyWorker::attempt(const train::TrainJob& job, base::EventSink& events,
                                          const base::CancelToken& cancel, bool& vanished) {
  if (!client_ || !client_->alive()) {
    client_.reset();
    auto started = train::JobClient::start(options_);
    if (!started) {
      const auto category = started.error().category;
      vanished = category == ErrorCategory::kFailed || category == ErrorCategory::kProtocol;
      return base::fail(std::move(started).error());
    }
    client_.emplace(std::move(*started));
  }
  auto result = client_->run(job, events, cancel);
  vanished = !result && !client_->alive() && result.error().category != ErrorCategory::kResource &&
             result.error().category != ErrorCategory::kInterrupted;
  return result;
}

Result<TrainResult> SteadyWorker::run(const train::TrainJob& job, base::EventSink& events,
                                      const base::CancelToken& cancel) {
  for (int tries = 1;; ++tries) {
    bool vanished = false;
    auto result = attempt(job, events, cancel, vanished);
    if (!vanished || tries == kTries || cancel.requested()) return result;
    events.emit({"warning", {{"text", result.error().message + "; trying again"}}});
  }
}

}  // namespace edgetran::service
