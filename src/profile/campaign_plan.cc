#include "profile/campaign_plan.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/random.h"
#include "base/result.h"

namespace edgetran::profile {

namespace {

struct Pair {
  std::string model;
  std::string deployment;
};

/// Names in a random order that depends on each name alone: by a number drawn for it.
class Draw {
 public:
  Draw(const BoardCampaign& campaign, std::string_view purpose)
      : stream_(
            base::RandomStream(campaign.seed, "campaign").derive(campaign.board).derive(purpose)) {}

  uint64_t of(const std::string& model, const std::string& deployment = {}) const {
    return stream_.derive(model).derive(deployment).next_u64();
  }

 private:
  base::RandomStream stream_;
};

std::vector<std::string> shuffled_models(const BoardCampaign& campaign) {
  const Draw draw(campaign, "models");
  std::vector<std::string> models = campaign.models;
  // Equal draws (one chance in 2^64) would leave the order to the file.
  std::ranges::sort(models, {},
                    [&](const std::string& model) { return std::pair(draw.of(model), model); });
  return models;
}

/// Models in a random order, group by group; the pairs of a group in one of their own.
std::vector<Pair> candidate_order(const BoardCampaign& campaign) {
  const auto models = shuffled_models(campaign);
  const Draw draw(campaign, "pairs");
  std::vector<Pair> order;
  for (size_t begin = 0; begin < models.size(); begin += kGroupModels) {
    const size_t end = std::min(models.size(), begin + kGroupModels);
    std::vector<Pair> group;
    for (size_t i = begin; i < end; ++i)
      for (const auto& deployment : campaign.deployments) group.push_back({models[i], deployment});
    std::ranges::sort(group, {}, [&](const Pair& pair) {
      return std::tuple(draw.of(pair.model, pair.deployment), pair.model, pair.deployment);
    });
    std::ranges::move(group, std::back_inserter(order));
  }
  return order;
}

/// ceil(share x pairs), as a person counts: 0.05 x 140 is 7 although its double is a little more.
size_t repeat_count(double share, size_t pairs) {
  constexpr double kRounding = 1e-9;
  const double exact = share * static_cast<double>(pairs);
  return std::min(pairs, static_cast<size_t>(std::max(0.0, std::ceil(exact - kRounding))));
}

/// For each position of `order`, the positions that are repeated right after it. Those of the first
/// half are taken first: half the campaign later there is still something to come between. With a
/// share over a half the others follow at the end, in their order.
std::vector<std::vector<size_t>> repeats_after(const BoardCampaign& campaign,
                                               const std::vector<Pair>& order) {
  const Draw draw(campaign, "repeats");
  const size_t half = order.size() / 2;
  std::vector<size_t> positions(order.size());
  for (size_t i = 0; i < positions.size(); ++i) positions[i] = i;
  std::ranges::sort(positions, {}, [&](size_t at) {
    const Pair& pair = order[at];
    return std::tuple(at + half >= order.size(), draw.of(pair.model, pair.deployment), at);
  });
  positions.resize(repeat_count(campaign.repeats, order.size()));
  std::ranges::sort(positions);
  std::vector<std::vector<size_t>> after(order.size());
  for (const size_t at : positions) after[std::min(at + half, order.size() - 1)].push_back(at);
  return after;
}

CampaignStep sentinel(const BoardCampaign& campaign) {
  return {.kind = StepKind::kSentinel,
          .model = campaign.sentinel_model,
          .deployment = campaign.sentinel_deployment,
          .repeats = {},
          .retries = {}};
}

/// A list that puts a sentinel after every so many steps that are none.
class WatchedSteps {
 public:
  explicit WatchedSteps(const BoardCampaign& campaign) : campaign_(campaign) {
    EDGETRAN_CHECK(campaign.sentinel_every > 0, "a sentinel comes after at least one step");
  }

  void add_sentinel() {
    steps_.push_back(sentinel(campaign_));
    since_ = 0;
  }
  /// Returns its index in the list.
  size_t add(CampaignStep step) {
    if (since_ == campaign_.sentinel_every) add_sentinel();
    ++since_;
    steps_.push_back(std::move(step));
    return steps_.size() - 1;
  }
  std::vector<CampaignStep> finish() {
    if (since_ > 0) add_sentinel();
    return std::move(steps_);
  }

 private:
  const BoardCampaign& campaign_;
  std::vector<CampaignStep> steps_;
  int64_t since_ = 0;
};

/// What became of one measurement over its attempts.
struct Attempts {
  int64_t made = 0;
  int64_t invalid = 0;
  StepOutcome last = StepOutcome::kPending;

  bool wants_another() const {
    if (made >= kMostAttempts) return false;
    if (last == StepOutcome::kFailed) return true;
    return last == StepOutcome::kInvalid && invalid < kMostInvalid;
  }
};

}  // namespace

std::string_view step_name(StepKind kind) {
  switch (kind) {
    case StepKind::kSentinel:
      return "sentinel";
    case StepKind::kCandidate:
      return "candidate";
    case StepKind::kRepeat:
      break;
  }
  return "repeat";
}

std::vector<CampaignStep> plan_board(const BoardCampaign& campaign) {
  const auto order = candidate_order(campaign);
  const auto repeats = repeats_after(campaign, order);
  WatchedSteps steps(campaign);
  steps.add_sentinel();
  std::vector<size_t> index(order.size());
  for (size_t at = 0; at < order.size(); ++at) {
    index[at] = steps.add({.kind = StepKind::kCandidate,
                           .model = order[at].model,
                           .deployment = order[at].deployment,
                           .repeats = {},
                           .retries = {}});
    for (const size_t original : repeats[at])
      steps.add({.kind = StepKind::kRepeat,
                 .model = order[original].model,
                 .deployment = order[original].deployment,
                 .repeats = index[original],
                 .retries = {}});
  }
  return steps.finish();
}

std::vector<CampaignStep> further_steps(const BoardCampaign& campaign,
                                        std::span<const CampaignStep> steps,
                                        std::span<const StepOutcome> outcomes) {
  EDGETRAN_CHECK(steps.size() == outcomes.size(), "an outcome a step");
  std::map<size_t, Attempts> attempts;  // by the step of the first one
  for (size_t i = 0; i < steps.size(); ++i) {
    EDGETRAN_CHECK(outcomes[i] != StepOutcome::kPending, "steps follow when all are settled");
    if (steps[i].kind == StepKind::kSentinel) continue;
    Attempts& of = attempts[steps[i].retries.value_or(i)];
    ++of.made;
    of.invalid += outcomes[i] == StepOutcome::kInvalid ? 1 : 0;
    of.last = outcomes[i];
  }
  WatchedSteps further(campaign);
  for (const auto& [first, of] : attempts) {
    if (!of.wants_another()) continue;
    CampaignStep step = steps[first];
    step.retries = first;
    step.attempt = of.made + 1;
    further.add(std::move(step));
  }
  return further.finish();
}

std::vector<CampaignStep> all_steps(const BoardCampaign& campaign,
                                    std::span<const StepOutcome> outcomes) {
  auto steps = plan_board(campaign);
  while (steps.size() <= outcomes.size()) {
    const auto known = outcomes.first(steps.size());
    if (std::ranges::find(known, StepOutcome::kPending) != known.end()) break;
    auto further = further_steps(campaign, steps, known);
    if (further.empty()) break;
    std::ranges::move(further, std::back_inserter(steps));
  }
  return steps;
}

}  // namespace edgetran::profile
