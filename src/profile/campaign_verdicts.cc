#include "profile/campaign_verdicts.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "profile/statistics.h"

namespace edgetran::profile {

namespace {

using Latencies = std::span<const std::optional<StepLatency>>;

/// The sentinels seen so far.
struct Reference {
  std::vector<double> medians, lows, highs;

  void add(const StepLatency& latency) {
    medians.push_back(latency.median_s);
    lows.push_back(latency.low_s);
    highs.push_back(latency.high_s);
  }
  StepLatency value() const {
    return {.median_s = median(medians), .low_s = median(lows), .high_s = median(highs)};
  }
};

bool beyond_limit(double ratio) { return std::abs(std::log(ratio)) > std::log1p(kDriftLimit); }

DriftState drift_state(double ratio, const Interval& interval) {
  if (!beyond_limit(ratio)) return DriftState::kSteady;
  const bool moved = interval.low > 1 || interval.high < 1;
  return moved ? DriftState::kDrift : DriftState::kUnclear;
}

SentinelDrift drift_between(const StepLatency& from, const StepLatency& to) {
  SentinelDrift drift;
  drift.ratio = to.median_s / from.median_s;
  drift.interval = {.low = to.low_s / from.high_s, .high = to.high_s / from.low_s};
  drift.state = drift_state(drift.ratio, drift.interval);
  return drift;
}

/// Of a batch between two sentinels that were measured.
BatchState closed_state(const SentinelDrift& opening, const SentinelDrift& closing,
                        const SentinelDrift& between) {
  const auto any = [&](DriftState state) {
    return opening.state == state || closing.state == state || between.state == state;
  };
  if (any(DriftState::kDrift)) return BatchState::kDrift;
  return any(DriftState::kUnclear) ? BatchState::kUnclear : BatchState::kSteady;
}

bool is_better(StepOutcome candidate, StepOutcome current) {
  const auto rank = [](StepOutcome outcome) {
    switch (outcome) {
      case StepOutcome::kUsable:
        return 3;
      case StepOutcome::kInvalid:
        return 2;
      case StepOutcome::kFailed:
      case StepOutcome::kRefused:
        return 1;
      case StepOutcome::kPending:
        break;
    }
    return 0;
  };
  return rank(candidate) >= rank(current);  // of equal ones the later
}

}  // namespace

std::string_view drift_name(DriftState state) {
  switch (state) {
    case DriftState::kReference:
      return "reference";
    case DriftState::kSteady:
      return "steady";
    case DriftState::kUnclear:
      return "unclear";
    case DriftState::kDrift:
      return "DRIFT";
    case DriftState::kMissing:
      break;
  }
  return "missing";
}

std::string_view batch_name(BatchState state) {
  switch (state) {
    case BatchState::kOpen:
      return "open";
    case BatchState::kSteady:
      return "steady";
    case BatchState::kUnclear:
      return "unclear";
    case BatchState::kDrift:
      return "DRIFT";
    case BatchState::kUnwatched:
      break;
  }
  return "unwatched";
}

std::vector<SentinelDrift> sentinel_drifts(std::span<const CampaignStep> steps,
                                           Latencies latencies) {
  std::vector<SentinelDrift> drifts;
  Reference reference;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != StepKind::kSentinel) continue;
    SentinelDrift drift;
    if (i < latencies.size() && latencies[i]) {
      drift = reference.medians.empty() ? SentinelDrift{.state = DriftState::kReference}
                                        : drift_between(reference.value(), *latencies[i]);
      reference.add(*latencies[i]);
    }
    drift.step = i;
    drifts.push_back(drift);
  }
  return drifts;
}

std::vector<Batch> judge_batches(std::span<const CampaignStep> steps, Latencies latencies,
                                 size_t settled) {
  const auto drifts = sentinel_drifts(steps, latencies);
  std::vector<Batch> batches;
  for (size_t k = 0; k < drifts.size(); ++k) {
    const bool last = k + 1 == drifts.size();
    Batch batch{.first = drifts[k].step + 1, .end = last ? steps.size() : drifts[k + 1].step};
    if (batch.first == batch.end) continue;  // nothing follows the last sentinel
    if (!last && batch.end < settled) {
      const auto& opening = latencies[drifts[k].step];
      const auto& closing = latencies[batch.end];
      batch.state = BatchState::kUnwatched;
      if (opening && closing) {
        const auto between = drift_between(*opening, *closing);
        batch.change = between.ratio;
        batch.state = closed_state(drifts[k], drifts[k + 1], between);
      }
    }
    batches.push_back(batch);
  }
  return batches;
}

std::optional<size_t> batch_of(std::span<const Batch> batches, size_t step) {
  for (size_t i = 0; i < batches.size(); ++i)
    if (step >= batches[i].first && step < batches[i].end) return i;
  return std::nullopt;
}

std::vector<RepeatPair> repeat_pairs(std::span<const CampaignStep> steps, Latencies latencies) {
  std::map<size_t, size_t> usable;  // first attempt to the last usable one
  for (size_t i = 0; i < steps.size() && i < latencies.size(); ++i)
    if (latencies[i]) usable[steps[i].retries.value_or(i)] = i;
  std::vector<RepeatPair> pairs;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != StepKind::kRepeat || steps[i].retries) continue;
    const auto repeat = usable.find(i);
    const auto original = usable.find(*steps[i].repeats);
    if (repeat == usable.end() || original == usable.end()) continue;
    pairs.push_back({.original = original->second,
                     .repeat = repeat->second,
                     .log_ratio = std::log(latencies[repeat->second]->median_s /
                                           latencies[original->second]->median_s)});
  }
  return pairs;
}

std::vector<size_t> final_attempts(std::span<const CampaignStep> steps,
                                   std::span<const StepOutcome> outcomes) {
  const auto outcome = [&](size_t i) {
    return i < outcomes.size() ? outcomes[i] : StepOutcome::kPending;
  };
  std::vector<size_t> best(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    best[i] = i;
    if (!steps[i].retries) continue;
    size_t& counts = best[*steps[i].retries];
    if (outcome(i) != StepOutcome::kPending && is_better(outcome(i), outcome(counts))) counts = i;
  }
  for (size_t i = 0; i < steps.size(); ++i)
    if (steps[i].retries) best[i] = best[*steps[i].retries];
  return best;
}

}  // namespace edgetran::profile
