#include "profile/campaign_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/random.h"

namespace edgetran::profile {
namespace {

BoardCampaign campaign_of(size_t models, size_t deployments, double repeats = 0.05,
                          int64_t every = 10) {
  BoardCampaign campaign{.board = "board",
                         .deployments = {},
                         .models = {},
                         .sentinel_model = "model-0",
                         .sentinel_deployment = "deployment-0",
                         .seed = 7,
                         .sentinel_every = every,
                         .repeats = repeats};
  for (size_t i = 0; i < models; ++i) campaign.models.push_back(fmt::format("model-{}", i));
  for (size_t i = 0; i < deployments; ++i)
    campaign.deployments.push_back(fmt::format("deployment-{}", i));
  return campaign;
}

using Pair = std::pair<std::string, std::string>;

std::vector<Pair> pairs_of(const std::vector<CampaignStep>& steps, StepKind kind) {
  std::vector<Pair> pairs;
  for (const auto& step : steps)
    if (step.kind == kind) pairs.emplace_back(step.model, step.deployment);
  return pairs;
}

std::vector<StepOutcome> all_usable(const std::vector<CampaignStep>& steps) {
  return std::vector<StepOutcome>(steps.size(), StepOutcome::kUsable);
}

/// Every size that a property is checked at: (models, deployments).
const std::vector<std::pair<size_t, size_t>>& sizes() {
  static const std::vector<std::pair<size_t, size_t>> kSizes = {{1, 1}, {1, 3}, {2, 1},  {5, 2},
                                                                {8, 3}, {9, 1}, {17, 3}, {100, 3}};
  return kSizes;
}

TEST(PlanBoard, HasEveryPairExactlyOnce) {
  for (const auto& [models, deployments] : sizes()) {
    const auto pairs = pairs_of(plan_board(campaign_of(models, deployments)), StepKind::kCandidate);
    EXPECT_EQ(pairs.size(), models * deployments);
    EXPECT_EQ(std::set<Pair>(pairs.begin(), pairs.end()).size(), models * deployments);
  }
}

TEST(PlanBoard, BeginsAndEndsWithTheSentinelAndNeverLeavesALargerGap) {
  for (const auto& [models, deployments] : sizes()) {
    for (const int64_t every : {1, 3, 10}) {
      const auto steps = plan_board(campaign_of(models, deployments, 0.3, every));
      EXPECT_EQ(steps.front().kind, StepKind::kSentinel);
      EXPECT_EQ(steps.back().kind, StepKind::kSentinel);
      int64_t since = 0;
      for (size_t i = 1; i < steps.size(); ++i) {
        if (steps[i].kind != StepKind::kSentinel) {
          EXPECT_LE(++since, every);
          continue;
        }
        EXPECT_GT(since, 0) << "two sentinels in a row";
        since = 0;
      }
    }
  }
}

TEST(PlanBoard, MeasuresTheSentinelOnItsDeployment) {
  for (const auto& pair : pairs_of(plan_board(campaign_of(20, 2)), StepKind::kSentinel))
    EXPECT_EQ(pair, Pair("model-0", "deployment-0"));
}

TEST(PlanBoard, RepeatsTheShareThatIsAskedForRoundedUp) {
  for (const auto& [models, deployments] : sizes()) {
    for (const double share : {0.0, 0.01, 0.05, 0.35, 1.0}) {
      const auto repeats =
          pairs_of(plan_board(campaign_of(models, deployments, share)), StepKind::kRepeat);
      const double exact = share * static_cast<double>(models * deployments);
      EXPECT_EQ(repeats.size(), static_cast<size_t>(std::ceil(exact - 1e-9)));
      EXPECT_EQ(std::set<Pair>(repeats.begin(), repeats.end()).size(), repeats.size());
    }
  }
  // 0.05 x 140 is a little over 7 as a double.
  EXPECT_EQ(pairs_of(plan_board(campaign_of(140, 1)), StepKind::kRepeat).size(), 7U);
}

TEST(PlanBoard, PutsARepeatHalfTheCampaignAfterItsOriginal) {
  for (const auto& [models, deployments] : sizes()) {
    for (const double share : {0.05, 0.5, 1.0}) {
      const auto steps = plan_board(campaign_of(models, deployments, share));
      const auto half = static_cast<ptrdiff_t>(models * deployments / 2);
      for (size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].kind != StepKind::kRepeat) continue;
        ASSERT_TRUE(steps[i].repeats);
        const auto& original = steps[*steps[i].repeats];
        EXPECT_EQ(original.kind, StepKind::kCandidate);
        EXPECT_EQ(original.model, steps[i].model);
        EXPECT_EQ(original.deployment, steps[i].deployment);
        const auto between = std::count_if(
            steps.begin() + static_cast<ptrdiff_t>(*steps[i].repeats) + 1,
            steps.begin() + static_cast<ptrdiff_t>(i),
            [](const CampaignStep& step) { return step.kind != StepKind::kSentinel; });
        EXPECT_GE(between, half) << models << "x" << deployments << " share " << share;
      }
    }
  }
}

TEST(PlanBoard, IsTheSameForTheSameSeedAndAnotherForAnother) {
  auto campaign = campaign_of(30, 3);
  const auto steps = plan_board(campaign);
  EXPECT_EQ(plan_board(campaign), steps);
  campaign.seed = 8;
  EXPECT_NE(plan_board(campaign), steps);
}

TEST(PlanBoard, DoesNotDependOnTheOrderInWhichThingsAreNamed) {
  auto campaign = campaign_of(30, 3, 0.2);
  const auto steps = plan_board(campaign);
  std::ranges::reverse(campaign.models);
  std::ranges::reverse(campaign.deployments);
  EXPECT_EQ(plan_board(campaign), steps);
}

TEST(PlanBoard, OrdersBoardsIndependently) {
  auto campaign = campaign_of(30, 3);
  const auto here = pairs_of(plan_board(campaign), StepKind::kCandidate);
  campaign.board = "another";
  EXPECT_NE(pairs_of(plan_board(campaign), StepKind::kCandidate), here);
}

TEST(PlanBoard, KeepsTheRelativeOrderOfModelsWhenOneIsAdded) {
  // One deployment: the order of candidates is that of models but for the shuffle in groups, which
  // a group of one shows: compare sets of models that come before a given one, group by group.
  auto campaign = campaign_of(40, 1);
  const auto group_of = [](const std::vector<Pair>& pairs) {
    std::map<std::string, size_t> groups;
    for (size_t i = 0; i < pairs.size(); ++i) groups[pairs[i].first] = i / kGroupModels;
    return groups;
  };
  const auto before = group_of(pairs_of(plan_board(campaign), StepKind::kCandidate));
  campaign.models.emplace_back("one more");
  const auto after = group_of(pairs_of(plan_board(campaign), StepKind::kCandidate));
  for (const auto& [model, group] : before) {
    EXPECT_GE(after.at(model), group);
    EXPECT_LE(after.at(model), group + 1);
  }
}

TEST(PlanBoard, KeepsNoMoreThanAGroupOfModelsInUse) {
  // From a model's first to its last candidate, at most a group of models appears: its file is made
  // once and kept for so long.
  const auto pairs = pairs_of(plan_board(campaign_of(50, 3)), StepKind::kCandidate);
  std::map<std::string, std::pair<size_t, size_t>> spans;
  for (size_t i = 0; i < pairs.size(); ++i) {
    auto [it, added] = spans.try_emplace(pairs[i].first, i, i);
    it->second.second = i;
  }
  for (const auto& [model, span] : spans) {
    std::set<std::string> seen;
    for (size_t i = span.first; i <= span.second; ++i) seen.insert(pairs[i].first);
    EXPECT_LE(seen.size(), kGroupModels) << model;
  }
}

TEST(PlanBoard, InterleavesModelsAndDeployments) {
  const auto pairs = pairs_of(plan_board(campaign_of(80, 3)), StepKind::kCandidate);
  size_t same_model = 0;
  size_t same_deployment = 0;
  for (size_t i = 1; i < pairs.size(); ++i) {
    same_model += pairs[i].first == pairs[i - 1].first;
    same_deployment += pairs[i].second == pairs[i - 1].second;
  }
  // In a random order of 24 pairs of a group: 2/23 and 7/23 of the neighbours.
  EXPECT_LT(same_model, pairs.size() / 5);
  EXPECT_LT(same_deployment, pairs.size() / 2);
}

TEST(PlanBoard, DrawsEveryModelsPlaceUniformly) {
  // Over many seeds the mean place of each model is the middle.
  constexpr size_t kModels = 20;
  constexpr int kSeeds = 400;
  std::map<std::string, double> places;
  auto campaign = campaign_of(kModels, 1);
  for (int seed = 0; seed < kSeeds; ++seed) {
    campaign.seed = static_cast<uint64_t>(seed);
    const auto pairs = pairs_of(plan_board(campaign), StepKind::kCandidate);
    for (size_t i = 0; i < pairs.size(); ++i) places[pairs[i].first] += static_cast<double>(i);
  }
  // Standard deviation of a mean: 5.77 / 20; five of them.
  for (const auto& [model, sum] : places)
    EXPECT_NEAR(sum / kSeeds, (kModels - 1) / 2.0, 1.5) << model;
}

TEST(FurtherSteps, AreNoneWhereEverythingWasUsable) {
  const auto campaign = campaign_of(9, 2);
  const auto steps = plan_board(campaign);
  EXPECT_TRUE(further_steps(campaign, steps, all_usable(steps)).empty());
}

TEST(FurtherSteps, TryWhatFailedAgainAndWatchThatToo) {
  const auto campaign = campaign_of(9, 2);
  const auto steps = plan_board(campaign);
  auto outcomes = all_usable(steps);
  outcomes[4] = StepOutcome::kFailed;
  const auto further = further_steps(campaign, steps, outcomes);
  ASSERT_EQ(further.size(), 2U);
  EXPECT_EQ(further[0].retries, 4U);
  EXPECT_EQ(further[0].model, steps[4].model);
  EXPECT_EQ(further[0].attempt, 2);
  EXPECT_EQ(further[1].kind, StepKind::kSentinel);
}

/// How often the step `index` is tried where each attempt has the outcome that `outcome` gives it.
int64_t attempts_of(const BoardCampaign& campaign, size_t index,
                    const std::vector<StepOutcome>& outcome) {
  std::vector<StepOutcome> outcomes;
  int64_t attempts = 0;
  while (true) {
    const auto steps = all_steps(campaign, outcomes);
    if (outcomes.size() == steps.size()) return attempts;
    const size_t at = outcomes.size();
    const bool watched = at == index || steps[at].retries == index;
    outcomes.push_back(watched ? outcome.at(static_cast<size_t>(attempts++))
                               : StepOutcome::kUsable);
  }
}

TEST(FurtherSteps, TryAFailureTwiceMoreAndAnInvalidOneOnceMore) {
  using enum StepOutcome;
  const auto campaign = campaign_of(6, 1);
  EXPECT_EQ(attempts_of(campaign, 2, {kFailed, kFailed, kFailed}), 3);
  EXPECT_EQ(attempts_of(campaign, 2, {kFailed, kUsable}), 2);
  EXPECT_EQ(attempts_of(campaign, 2, {kInvalid, kInvalid}), 2);
  EXPECT_EQ(attempts_of(campaign, 2, {kInvalid, kUsable}), 2);
  EXPECT_EQ(attempts_of(campaign, 2, {kFailed, kInvalid, kFailed}), 3);
  EXPECT_EQ(attempts_of(campaign, 2, {kRefused}), 1);
}

TEST(FurtherSteps, DoNotTryASentinelAgain) {
  const auto campaign = campaign_of(6, 1);
  const auto steps = plan_board(campaign);
  auto outcomes = all_usable(steps);
  outcomes[0] = StepOutcome::kInvalid;
  EXPECT_TRUE(further_steps(campaign, steps, outcomes).empty());
}

TEST(AllSteps, AreTheSameAtEveryPointOfACampaign) {
  // Outcomes drawn at random: whatever is known so far, the steps up to there do not change.
  const auto campaign = campaign_of(7, 2, 0.3, 3);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    base::RandomStream random(seed, "outcomes");
    std::vector<StepOutcome> outcomes;
    std::vector<CampaignStep> done;
    while (true) {
      const auto steps = all_steps(campaign, outcomes);
      ASSERT_TRUE(std::equal(done.begin(), done.end(), steps.begin()));
      if (outcomes.size() == steps.size()) break;
      done.push_back(steps[outcomes.size()]);
      const std::array kDrawn = {StepOutcome::kUsable, StepOutcome::kInvalid, StepOutcome::kFailed};
      outcomes.push_back(kDrawn.at(random.below(kDrawn.size())));
    }
    EXPECT_LT(done.size(), 200U);
  }
}

}  // namespace
}  // namespace edgetran::profile
