#include "search/random_halving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "base/random.h"
#include "search/pair_order.h"
#include "space/sampling.h"

namespace edgetran::search {
namespace {

using base::ErrorCategory;
using base::Result;

bool alive(const Trial& trial) {
  return trial.state == TrialState::kWaiting || trial.state == TrialState::kRunning;
}

/// Where the trial stands in lists of all trials.
size_t index(const Trial& trial) { return static_cast<size_t>(trial.id - 1); }

Metrics merged(Metrics metrics, const Metrics& more) {
  for (const auto& [name, value] : more) metrics[name] = value;
  return metrics;
}

/// The first metric that is not a finite number; empty: none.
std::string unusable(const Metrics& metrics) {
  for (const auto& [name, value] : metrics) {
    if (!std::isfinite(value)) return fmt::format("{} is {}", name, value);
  }
  return {};
}

/// The trial's pairs with its results at `rung`.
void add_pairs(const Trial& trial, size_t rung, std::vector<Pair>& pairs) {
  for (const auto& [device, figures] : trial.measured) {
    pairs.push_back({.trial = trial.id,
                     .device = device,
                     .metrics = merged(merged(trial.described, figures), trial.rungs[rung]),
                     .complete = trial.state == TrialState::kComplete});
  }
}

size_t kept_of(double share, size_t entered) {
  // A hair less before rounding up: 0.1 * 30 is a little more than 3 in binary.
  constexpr double kHair = 1e-9;
  const double kept = std::ceil(share * static_cast<double>(entered) - kHair);
  return std::clamp<size_t>(static_cast<size_t>(kept), 1, std::max<size_t>(entered, 1));
}

base::Status check(const RandomHalvingSettings& settings, const MethodInput& input) {
  const auto usage = [](std::string message, std::string hint) {
    return base::fail(ErrorCategory::kUsage, std::move(message), std::move(hint));
  };
  if (settings.encoders < 1) return usage("no encoders to draw", "ask for at least 1");
  if (settings.rungs.empty()) return usage("no rungs", "give training tokens: [20000, 60000]");
  int64_t below = 0;
  for (const int64_t tokens : settings.rungs) {
    if (tokens <= below) {
      return usage(fmt::format("rung of {} tokens after {}", tokens, below),
                   "rungs are positive and rise");
    }
    below = tokens;
  }
  if (!(settings.keep > 0 && settings.keep <= 1)) {
    return usage(fmt::format("keep is {}", settings.keep), "it is a share above 0, at most 1");
  }
  if (input.problem.objectives.empty()) return usage("no objectives", "name at least one");
  if (input.devices.empty()) return usage("no devices", "name at least one");
  std::set<std::string> names(input.devices.begin(), input.devices.end());
  if (names.size() != input.devices.size()) {
    return usage("a device is named twice", "name each device once");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<RandomHalving>> RandomHalving::create(const RandomHalvingSettings& settings,
                                                             MethodInput input) {
  EDGETRAN_TRY(check(settings, input));
  return std::unique_ptr<RandomHalving>(new RandomHalving(settings, std::move(input)));
}

RandomHalving::RandomHalving(RandomHalvingSettings settings, MethodInput input)
    : settings_(std::move(settings)), input_(std::move(input)) {
  const base::RandomStream random(input_.seed, "search.random_halving");
  const auto sampler = settings_.sampling == "uniform"
                           ? space::uniform_sampler(input_.space, random)
                           : space::low_discrepancy_sampler(input_.space, random);
  for (space::ModelSpec& spec : space::sample_distinct(*sampler, settings_.encoders)) {
    Trial trial;
    trial.id = static_cast<int64_t>(trials_.size()) + 1;
    trial.spec_hash = space::canonical_hash(spec);
    trial.spec = std::move(spec);
    trials_.push_back(std::move(trial));
  }
  goals_.assign(trials_.size(), 0);
}

std::vector<Work> RandomHalving::due(const Trial& trial) const {
  if (!alive(trial)) return {};
  const auto work_of = [&](Work::Kind kind) {
    Work work;
    work.kind = kind;
    work.trial = trial.id;
    return work;
  };
  if (trial.described.empty()) return {work_of(Work::Kind::kDescribe)};
  std::vector<Work> due;
  for (const std::string& device : input_.devices) {
    if (trial.measured.contains(device) || trial.unmeasured.contains(device)) continue;
    due.push_back(work_of(Work::Kind::kMeasure));
    due.back().device = device;
  }
  const size_t rung = trial.rungs.size();
  if (!due.empty() || static_cast<int64_t>(rung) > goals_[index(trial)]) return due;
  Work train = work_of(Work::Kind::kTrain);
  train.rung = static_cast<int64_t>(rung);
  train.from_tokens = rung == 0 ? 0 : settings_.rungs[rung - 1];
  train.to_tokens = settings_.rungs[rung];
  return {train};
}

std::vector<Work> RandomHalving::ask(size_t count) {
  std::vector<Work> open;
  for (const Trial& trial : trials_) {
    for (Work& work : due(trial)) {
      if (std::ranges::find(handed_out_, work) == handed_out_.end())
        open.push_back(std::move(work));
    }
  }
  // Cheap knowledge first: it can spare the dear work.
  std::ranges::stable_sort(open, {},
                           [](const Work& work) { return std::tuple(work.kind, work.rung); });
  if (open.size() > count) open.resize(count);
  handed_out_.insert(handed_out_.end(), open.begin(), open.end());
  return open;
}

Result<Trial*> RandomHalving::find_trial(int64_t id) {
  if (id < 1 || id > static_cast<int64_t>(trials_.size())) {
    return base::fail(ErrorCategory::kNotFound, fmt::format("there is no trial {}", id),
                      fmt::format("trials are 1 to {}", trials_.size()));
  }
  return &trials_[static_cast<size_t>(id - 1)];
}

void RandomHalving::set_state(Trial& trial, TrialState state, std::string reason) {
  if (trial.state == state && trial.reason == reason) return;
  trial.state = state;
  trial.reason = std::move(reason);
  changed_.insert(trial.id);
}

base::Status RandomHalving::tell(const Work& work, const Outcome& outcome) {
  EDGETRAN_ASSIGN(Trial * trial, find_trial(work.trial));
  const std::vector<Work> expected = due(*trial);
  if (std::ranges::find(expected, work) == expected.end()) {
    return base::fail(ErrorCategory::kCorrupt,
                      fmt::format("this search would not {} now", work.text()),
                      "the history belongs to another search: other space, settings or seed");
  }
  std::erase(handed_out_, work);
  set_state(*trial, TrialState::kRunning, {});
  std::string reason = outcome.kind == Outcome::Kind::kFailed ? outcome.reason : std::string();
  if (outcome.kind == Outcome::Kind::kDone) {
    reason = outcome.metrics.empty() ? "it gave no figures" : unusable(outcome.metrics);
    if (reason.empty()) record(*trial, work, outcome.metrics);
  } else if (reason.empty()) {
    reason = "no reason given";
  }
  if (!reason.empty()) record_failure(*trial, work, reason);
  advance();
  return {};
}

void RandomHalving::record(Trial& trial, const Work& work, const Metrics& metrics) {
  switch (work.kind) {
    case Work::Kind::kDescribe:
      trial.described = metrics;
      if (const Constraint* broken = input_.problem.broken(metrics)) {
        set_state(trial, TrialState::kInfeasible,
                  fmt::format("{} is {}, wanted {}", broken->name, metrics.at(broken->name),
                              broken->text()));
      }
      break;
    case Work::Kind::kMeasure:
      trial.measured[work.device] = metrics;
      screen(trial);
      break;
    case Work::Kind::kTrain:
      trial.rungs.push_back(metrics);
      check_objectives(trial);
      break;
  }
}

void RandomHalving::record_failure(Trial& trial, const Work& work, const std::string& reason) {
  if (work.kind == Work::Kind::kMeasure) {
    trial.unmeasured[work.device] = reason;
    screen(trial);
    return;
  }
  set_state(trial, TrialState::kFailed, fmt::format("{}: {}", work.text(), reason));
}

/// Once every device has answered: is there one on which the trial may still win?
void RandomHalving::screen(Trial& trial) {
  if (trial.measured.size() + trial.unmeasured.size() < input_.devices.size()) return;
  if (trial.measured.empty()) {
    const auto& [device, reason] = *trial.unmeasured.begin();
    set_state(trial, TrialState::kFailed,
              fmt::format("no device could measure it; {}: {}", device, reason));
    return;
  }
  std::string reason;
  for (const auto& [device, figures] : trial.measured) {
    const Constraint* broken = input_.problem.broken(figures);
    if (broken == nullptr) return;
    reason += fmt::format("{}{} is {} on {}, wanted {}", reason.empty() ? "" : "; ", broken->name,
                          figures.at(broken->name), device, broken->text());
  }
  set_state(trial, TrialState::kInfeasible, reason);
}

/// A trial of which no pair has every objective cannot be compared: that is a failure.
void RandomHalving::check_objectives(Trial& trial) {
  std::vector<Pair> pairs;
  add_pairs(trial, trial.rungs.size() - 1, pairs);
  std::string reason;
  for (const Pair& pair : pairs) {
    const auto costs = input_.problem.costs(pair.metrics);
    if (costs) return;
    reason = costs.error().message;
  }
  trial.rungs.pop_back();
  set_state(trial, TrialState::kFailed, reason);
}

void RandomHalving::advance() {
  for (int64_t rung = 0; rung < static_cast<int64_t>(settings_.rungs.size()); ++rung) {
    if (!rung_is_ready(rung)) return;
    decide(rung);
  }
}

/// True when no trial that may still enter this rung's comparison is without its result.
bool RandomHalving::rung_is_ready(int64_t rung) const {
  return std::ranges::all_of(trials_, [&](const Trial& trial) {
    return !alive(trial) || static_cast<int64_t>(trial.rungs.size()) > rung;
  });
}

std::vector<int64_t> RandomHalving::standing(int64_t rung) const {
  std::vector<Pair> pairs;
  for (const Trial& trial : trials_) {
    const bool takes_part =
        trial.state != TrialState::kFailed && trial.state != TrialState::kAbandoned;
    const auto at = static_cast<size_t>(rung);
    if (takes_part && trial.rungs.size() > at) add_pairs(trial, at, pairs);
  }
  return order_trials(input_.problem, pairs);
}

void RandomHalving::decide(int64_t rung) {
  const auto waits = [&](const Trial& trial) {
    return alive(trial) && goals_[index(trial)] == rung;
  };
  if (std::ranges::none_of(trials_, waits)) return;
  const std::vector<int64_t> order = standing(rung);
  const size_t kept = kept_of(settings_.keep, order.size());
  for (size_t place = 0; place < order.size(); ++place) {
    Trial& trial = trials_[static_cast<size_t>(order[place] - 1)];
    if (waits(trial)) pass(trial, rung, place, order.size(), kept);
  }
}

void RandomHalving::pass(Trial& trial, int64_t rung, size_t place, size_t entered, size_t kept) {
  if (rung + 1 == static_cast<int64_t>(settings_.rungs.size())) {
    set_state(trial, TrialState::kComplete, {});
  } else if (place < kept) {
    goals_[index(trial)] = rung + 1;
  } else {
    set_state(trial, TrialState::kStopped,
              fmt::format("place {} of {} at rung {}, {} went on", place + 1, entered, rung, kept));
  }
}

base::Status RandomHalving::retry(int64_t id) {
  EDGETRAN_ASSIGN(Trial * trial, find_trial(id));
  if (trial->state != TrialState::kFailed) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("trial {} is {}", id, state_name(trial->state)),
                      "only failed trials can be retried");
  }
  trial->unmeasured.clear();
  set_state(*trial, TrialState::kWaiting, {});
  return {};
}

base::Status RandomHalving::abandon(int64_t id) {
  EDGETRAN_ASSIGN(Trial * trial, find_trial(id));
  if (!alive(*trial) && trial->state != TrialState::kFailed) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("trial {} is {}", id, state_name(trial->state)),
                      "only unfinished or failed trials can be abandoned");
  }
  std::erase_if(handed_out_, [&](const Work& work) { return work.trial == id; });
  set_state(*trial, TrialState::kAbandoned, {});
  advance();
  return {};
}

bool RandomHalving::finished() const { return std::ranges::none_of(trials_, alive); }

std::vector<int64_t> RandomHalving::take_changed() {
  std::vector<int64_t> changed(changed_.begin(), changed_.end());
  changed_.clear();
  return changed;
}

std::vector<Pair> RandomHalving::pairs() const {
  std::vector<Pair> pairs;
  for (const Trial& trial : trials_) {
    if (!trial.rungs.empty()) add_pairs(trial, trial.rungs.size() - 1, pairs);
  }
  return pairs;
}

Result<RandomHalvingSettings> read_random_halving(base::ConfigMap& map) {
  RandomHalvingSettings settings;
  constexpr int64_t kMaxEncoders = 100'000;
  constexpr int64_t kMaxTokens = int64_t{1} << 50;
  if (const auto value = map.find("encoders")) {
    EDGETRAN_ASSIGN(settings.encoders, value->as_integer(1, kMaxEncoders));
  }
  EDGETRAN_ASSIGN(base::ConfigValue rungs, map.require("rungs"));
  EDGETRAN_ASSIGN(settings.rungs, rungs.as_integers(1, kMaxTokens));
  const bool rising =
      std::ranges::adjacent_find(settings.rungs, std::greater_equal<>()) == settings.rungs.end();
  if (settings.rungs.empty() || !rising) {
    return base::fail(rungs.error("rungs are training tokens that rise", "[20000, 60000, 180000]"));
  }
  if (const auto value = map.find("keep")) {
    EDGETRAN_ASSIGN(settings.keep, value->as_number(0, 1));
    if (settings.keep == 0) return base::fail(value->error("keep is a share above 0"));
  }
  if (const auto value = map.find("sampling")) {
    const std::vector<std::string> samplings = {"sobol", "uniform"};
    EDGETRAN_ASSIGN(settings.sampling, value->as_choice(samplings));
  }
  return settings;
}

}  // namespace edgetran::search
