// How StudyRunner puts results and changes of state into the log.
#include "service/study/study_history.h"
#include "service/study/study_runner.h"
#include "store/study_events.h"

namespace edgetran::service {

using base::Json;
using base::Result;
using base::Status;
using search::Outcome;
using search::Work;

Status StudyRunner::settle(const Work& work, const Outcome& outcome, std::string_view type,
                           Json payload) {
  EDGETRAN_TRY(method_->tell(work, outcome));
  EDGETRAN_TRY(store_.append(type, std::move(payload)));
  return log_states();
}

Status StudyRunner::settle_failure(const Work& work, const base::Error& error) {
  context_.events.emit({"warning", {{"text", work.text() + " failed: " + error.message}}});
  EDGETRAN_TRY(method_->tell(
      work, {.kind = Outcome::Kind::kFailed, .metrics = {}, .reason = error.message}));
  const auto& subject = trial(work.trial);
  Json payload = {{"trial", work.trial},
                  {"state", search::state_name(subject.state)},
                  {"reason", error.message},
                  {"work", work_json(work)}};
  if (work.kind == Work::Kind::kMeasure) payload["device"] = work.device;
  EDGETRAN_TRY(store_.append(store::kTrialState, std::move(payload)));
  return log_states();
}

Status StudyRunner::log_states() {
  for (const int64_t id : method_->take_changed()) {
    const auto& subject = trial(id);
    if (subject.described.empty()) continue;  // not created in the log yet
    EDGETRAN_TRY(store_.append(
        store::kTrialState,
        {{"trial", id}, {"state", search::state_name(subject.state)}, {"reason", subject.reason}}));
  }
  return {};
}

Result<int64_t> StudyRunner::retry_failed() {
  int64_t count = 0;
  for (const auto& subject : method_->trials()) {
    if (subject.state != search::TrialState::kFailed) continue;
    EDGETRAN_TRY(method_->retry(subject.id));
    EDGETRAN_TRY(store_.append(store::kTrialState, {{"trial", subject.id},
                                                    {"state", search::state_name(subject.state)},
                                                    {"reason", ""},
                                                    {"retry", true}}));
    ++count;
  }
  EDGETRAN_TRY(log_states());
  return count;
}

}  // namespace edgetran::service
