// What StudyRunner does when the search is finished: the baseline, and handing over a pair.
#include <fmt/format.h>

#include "search/recommend.h"
#include "service/study/study_baseline.h"
#include "service/study/study_deployment.h"
#include "service/study/study_runner.h"
#include "store/study_events.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Json;
using base::Status;

namespace {

/// The error of a study none of whose trials has a result.
base::Error nothing_trained(const store::StudyView& view) {
  for (const auto& trial : view.trials)
    if (!trial.reason.empty())
      return {ErrorCategory::kFailed,
              fmt::format("no trial was trained; trial {}: {}", trial.trial, trial.reason),
              "mend the cause, then: edgetran study retry STUDY.yaml --out FOLDER --failed"};
  return {ErrorCategory::kInfeasible, "no encoder of the space keeps the constraints",
          "loosen the constraints, or draw more encoders"};
}

}  // namespace

Status StudyRunner::run_baseline() {
  EDGETRAN_ASSIGN(const auto view, store_.view());
  if (view.baselines.empty()) {
    EDGETRAN_ASSIGN(Json constant, constant_baseline(task_));
    EDGETRAN_TRY(store_.append(store::kStudyBaseline, std::move(constant)));
  }
  if (config_.baseline.empty() || view.baselines.size() > 1) return {};
  message("baseline: " + config_.baseline);
  auto baseline = run_baseline_program(config_.baseline, config_.task, quality_.name,
                                       static_cast<uint64_t>(config_.seed),
                                       store_.folder() / "baseline", context_.cancel);
  if (!baseline) {
    if (baseline.error().category == ErrorCategory::kInterrupted) return base::fail(interrupted());
    const auto& error = baseline.error();
    const std::string hint = error.hint.empty() ? "" : "; " + error.hint;
    context_.events.emit({"warning", {{"text", "no baseline: " + error.message + hint}}});
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
  if (!view.deployed.empty())  // a crash fell between the two events
    return finish(view.deployed.back().trial, view.deployed.back().device);
  const auto pairs = method_->pairs();
  if (pairs.empty()) return base::fail(nothing_trained(view));
  std::vector<search::Metrics> metrics;
  metrics.reserve(pairs.size());
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
                               .quality = quality_,
                               .trial = pair.trial,
                               .model = trial_folder(pair.trial) /
                                        fmt::format("rung-{}", subject.rungs.size() - 1),
                               .study = store_.folder(),
                               .seed = seed_of("deploy", static_cast<uint64_t>(pair.trial))},
                              *hardware_));
  if (context_.cancel.requested()) return base::fail(interrupted());
  EDGETRAN_TRY(store_.append(store::kStudyDeployed, std::move(payload)));
  return finish(pair.trial, pair.device);
}

Status StudyRunner::finish(int64_t trial, const std::string& device) {
  EDGETRAN_TRY(
      store_.append(store::kStudyFinished, {{"feasible", true},
                                            {"recommended", {{"trial", trial}, {"device", device}}},
                                            {"task", task_.facts}}));
  remove_leftovers();
  return {};
}

// Checkpoints and the models of earlier rungs serve only a search that goes on; the last model of
// each trial stays. Failing to remove one costs disk, not results.
void StudyRunner::remove_leftovers() const {
  std::error_code ignored;
  for (const auto& subject : method_->trials()) {
    const auto folder = trial_folder(subject.id);
    for (const char* name : {"checkpoint", "pretraining", "pretrained"})
      std::filesystem::remove_all(folder / name, ignored);
    for (size_t rung = 0; rung + 1 < subject.rungs.size(); ++rung)
      std::filesystem::remove_all(folder / fmt::format("rung-{}", rung), ignored);
  }
}

}  // namespace edgetran::service
