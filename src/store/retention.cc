// Which artefacts of a study must stay.

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/artefacts.h"

namespace edgetran::store {
namespace {

constexpr std::string_view kPrefix = "sha256:";

/// The digits of "sha256:<digits>" or of bare digits.
std::optional<std::string> reference(std::string_view text) {
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  if (!is_sha256(text)) return std::nullopt;
  return std::string(text);
}

/// Every reference in a tree.
void collect(const base::Json& value, std::set<std::string>& references) {
  if (value.is_string()) {
    if (auto found = reference(value.get_ref<const std::string&>())) references.insert(*found);
  } else if (value.is_structured()) {
    for (const base::Json& item : value) collect(item, references);
  }
}

struct Finished {
  double cost = 0;  // of the first objective, minimised
  const TrialView* trial = nullptr;
};

/// The trials with the best last values of the first objective, best first, ties by id.
std::vector<const TrialView*> best_finished(const StudyView& study, int64_t count) {
  if (study.objectives.empty()) return {};
  const ObjectiveView& objective = study.objectives.front();
  std::vector<Finished> finished;
  for (const TrialView& trial : study.trials) {
    if (trial.state != "stopped" && trial.state != "complete") continue;
    std::optional<double> best;
    const auto consider = [&](const Metrics& metrics) {
      const auto it = metrics.find(objective.name);
      if (it == metrics.end()) return;
      const double cost = objective.maximize ? -it->second : it->second;
      best = std::min(best.value_or(cost), cost);
    };
    consider(pair_metrics(trial, ""));
    for (const MeasurementView& measured : trial.measurements) {
      consider(pair_metrics(trial, measured.device));
    }
    if (best) finished.push_back({*best, &trial});
  }
  std::ranges::stable_sort(finished, {}, &Finished::cost);
  std::vector<const TrialView*> trials;
  for (const Finished& item : finished) {
    if (static_cast<int64_t>(trials.size()) < count) trials.push_back(item.trial);
  }
  return trials;
}

void keep_model(const TrialView& trial, std::set<std::string>& kept) {
  if (const RungView* rung = last_rung(trial)) collect(rung->model, kept);
}

}  // namespace

std::set<std::string> retained_artefacts(const StudyView& study, int64_t best) {
  std::set<std::string> kept;
  collect(study.config, kept);
  collect(study.result, kept);
  for (const BaselineView& baseline : study.baselines) collect(baseline.rows, kept);
  for (const DeployedView& deployed : study.deployed) {
    collect(deployed.files, kept);
    collect(deployed.parity, kept);
    for (const TrialView& trial : study.trials) {
      if (trial.trial == deployed.trial) keep_model(trial, kept);
    }
  }
  for (const TrialView& trial : study.trials) {
    for (const MeasurementView& measured : trial.measurements) collect(measured.record, kept);
    const bool open =
        trial.state == "waiting" || trial.state == "running" || trial.state == "failed";
    if (open) keep_model(trial, kept);
  }
  for (const TrialView* trial : best_finished(study, best)) keep_model(*trial, kept);
  return kept;
}

}  // namespace edgetran::store
