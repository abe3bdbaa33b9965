// What StudyRunner does when the search is finished: the baseline, and handing over a pair.
#include <fmt/format.h>

#include "search/recommend.h"
#include "service/study/study_baseline.h"
#include "service/study/study_deployment.h"
#include "service/study/study_runner.h"
#include "store/study_events.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Status;

Status StudyRunner::run_baseline() {
  EDGETRAN_ASSIGN(const auto view, store_.view());
  if (config_.baseline.empty() || !view.baselines.empty()) return {};
  message("baseline: " + config_.baseline);
  auto baseline =
      run_baseline_program(config_.baseline, config_.task, static_cast<uint64_t>(config_.seed),
                           store_.folder() / "baseline", context_.cancel);
  if (!baseline) {
    if (baseline.error().category == ErrorCategory::kInterrupted) return base::fail(interrupted());
    context_.events.emit({"warning", {{"text", "no baseline: " + baseline.error().message}}});
    return {};
  }
  return store_.append(store::kStudyBaseline, std::move(*baseline));
}

Status StudyRunner::deploy() {
  EDGETRAN_ASSIGN(const auto view, store_.view());
  if (view.finished) {
    if (view.deployed.empty())
      return base::fail(ErrorCategory::kInfeasible, "no pair satisfies the constraints");
    return {};
  }
  const auto pairs = method_->pairs();
  std::vector<search::Metrics> metrics;
  for (const auto& pair : pairs) metrics.push_back(pair.metrics);
  const auto chosen = search::recommend(config_.problem, metrics, config_.preference);
  if (!chosen) {
    if (chosen.error().category == ErrorCategory::kInfeasible)
      EDGETRAN_TRY(store_.append(store::kStudyFinished,
                                 {{"feasible", false}, {"reason", chosen.error().message}}));
    return base::fail(chosen.error());
  }
  const auto& pair = pairs[*chosen];
  message(fmt::format("deploying trial {} on {}", pair.trial, pair.device));
  EDGETRAN_ASSIGN(const auto device, hardware_->device(pair.device));
  const auto& subject = trial(pair.trial);
  EDGETRAN_ASSIGN(auto payload,
                  deploy_pair(context_,
                              {.config = config_,
                               .task = task_,
                               .device = device,
                               .trial = pair.trial,
                               .model = trial_folder(pair.trial) /
                                        fmt::format("rung-{}", subject.rungs.size() - 1),
                               .study = store_.folder(),
                               .seed = seed_of("deploy", static_cast<uint64_t>(pair.trial))},
                              *hardware_));
  if (context_.cancel.requested()) return base::fail(interrupted());
  EDGETRAN_TRY(store_.append(store::kStudyDeployed, std::move(payload)));
  return store_.append(store::kStudyFinished,
                       {{"feasible", true},
                        {"recommended", {{"trial", pair.trial}, {"device", pair.device}}},
                        {"task", task_.facts}});
}

}  // namespace edgetran::service
