#include "profile/campaign_verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace edgetran::profile {
namespace {

using Latencies = std::vector<std::optional<StepLatency>>;

StepLatency latency(double median_s, double half_width = 0.005) {
  return {.median_s = median_s,
          .low_s = median_s * (1 - half_width),
          .high_s = median_s * (1 + half_width)};
}

CampaignStep sentinel() {
  return {
      .kind = StepKind::kSentinel, .model = "s", .deployment = "d", .repeats = {}, .retries = {}};
}

CampaignStep candidate(const std::string& model) {
  return {.kind = StepKind::kCandidate,
          .model = model,
          .deployment = "d",
          .repeats = {},
          .retries = {}};
}

/// Sentinels of these latencies with a candidate after each but the last.
struct Series {
  std::vector<CampaignStep> steps;
  Latencies latencies;

  explicit Series(const Latencies& sentinels) {
    for (size_t i = 0; i < sentinels.size(); ++i) {
      steps.push_back(sentinel());
      latencies.push_back(sentinels[i]);
      if (i + 1 == sentinels.size()) break;
      steps.push_back(candidate("m"));
      latencies.push_back(latency(1));
    }
  }
  std::vector<DriftState> drifts() const {
    std::vector<DriftState> states;
    for (const auto& drift : sentinel_drifts(steps, latencies)) states.push_back(drift.state);
    return states;
  }
  std::vector<BatchState> batches() const {
    std::vector<BatchState> states;
    for (const auto& batch : judge_batches(steps, latencies, latencies.size()))
      states.push_back(batch.state);
    return states;
  }
};

using enum DriftState;
using ::testing::ElementsAre;

TEST(SentinelDrift, IsSteadyWithinThreePercentOfTheSentinelsBefore) {
  EXPECT_THAT(Series({latency(1), latency(1.02), latency(0.99)}).drifts(),
              ElementsAre(kReference, kSteady, kSteady));
}

TEST(SentinelDrift, MarksMoreThanThreePercentEitherWay) {
  EXPECT_THAT(Series({latency(1), latency(1.04), latency(1), latency(0.95)}).drifts(),
              ElementsAre(kReference, kDrift, kSteady, kDrift));
}

TEST(SentinelDrift, IsUnclearWhereTheIntervalsAllowThatNothingMoved) {
  EXPECT_THAT(Series({latency(1), latency(1.04, 0.05)}).drifts(),
              ElementsAre(kReference, kUnclear));
}

TEST(SentinelDrift, HasTheIntervalOfTheRatio) {
  const auto drifts = sentinel_drifts(Series({latency(2, 0.01), latency(2.2, 0.02)}).steps,
                                      Series({latency(2, 0.01), latency(2.2, 0.02)}).latencies);
  EXPECT_NEAR(drifts[1].ratio, 1.1, 1e-12);
  EXPECT_NEAR(drifts[1].interval.low, 2.2 * 0.98 / (2 * 1.01), 1e-12);
  EXPECT_NEAR(drifts[1].interval.high, 2.2 * 1.02 / (2 * 0.99), 1e-12);
}

TEST(SentinelDrift, DoesNotLetTheReferenceFollowASlowDrift) {
  // One percent from each sentinel to the next: no neighbour is beyond the limit, the sum is.
  Latencies sentinels;
  for (int i = 0; i < 20; ++i) sentinels.emplace_back(latency(std::pow(1.01, i)));
  const auto states = Series(sentinels).drifts();
  EXPECT_EQ(states[1], kSteady);
  for (size_t i = 8; i < states.size(); ++i) EXPECT_EQ(states[i], kDrift) << i;
}

TEST(SentinelDrift, IsNotMovedByOneBadSentinel) {
  EXPECT_THAT(Series({latency(1), latency(1.001), latency(0.999), latency(3), latency(1)}).drifts(),
              ElementsAre(kReference, kSteady, kSteady, kDrift, kSteady));
}

TEST(SentinelDrift, IsMissingWithoutALatency) {
  EXPECT_THAT(Series({std::nullopt, latency(1), std::nullopt, latency(1.1)}).drifts(),
              ElementsAre(kMissing, kReference, kMissing, kDrift));
}

TEST(SentinelDrift, RaisesFewFalseAlarmsOnASteadyBoard) {
  // Medians that scatter by 1 % with honest 95 % intervals: 3 % is three of their spreads.
  base::RandomStream random(1, "sentinels");
  int alarms = 0;
  constexpr int kRuns = 200;
  constexpr int kSentinels = 30;
  for (int run = 0; run < kRuns; ++run) {
    Latencies sentinels;
    for (int i = 0; i < kSentinels; ++i)
      sentinels.emplace_back(latency(std::exp(0.01 * random.normal()), 0.0196));
    for (const auto state : Series(sentinels).drifts()) alarms += state == kDrift;
  }
  EXPECT_LE(alarms, 0.02 * kRuns * kSentinels);
}

TEST(JudgeBatches, MarksTheBatchesOnBothSidesOfASentinelThatDrifted) {
  EXPECT_THAT(Series({latency(1), latency(1), latency(1.1), latency(1), latency(1)}).batches(),
              ElementsAre(BatchState::kSteady, BatchState::kDrift, BatchState::kDrift,
                          BatchState::kSteady));
}

TEST(JudgeBatches, MarksAStepBetweenTwoSentinelsThatAreNearTheReference) {
  // Both within 3 % of 1, but 4.5 % apart.
  EXPECT_THAT(Series({latency(1, 0.001), latency(0.978, 0.001), latency(1.01, 0.001),
                      latency(0.972, 0.001)})
                  .batches(),
              ElementsAre(BatchState::kSteady, BatchState::kDrift, BatchState::kDrift));
}

TEST(JudgeBatches, IsUnwatchedBesideAMissingSentinel) {
  EXPECT_THAT(Series({latency(1), std::nullopt, latency(1), latency(1)}).batches(),
              ElementsAre(BatchState::kUnwatched, BatchState::kUnwatched, BatchState::kSteady));
}

TEST(JudgeBatches, IsOpenUntilTheClosingSentinelIsSettled) {
  const Series series({latency(1), latency(1)});
  for (size_t settled = 0; settled <= 2; ++settled) {
    const Latencies known(series.latencies.begin(),
                          series.latencies.begin() + static_cast<ptrdiff_t>(settled));
    const auto batches = judge_batches(series.steps, known, settled);
    ASSERT_EQ(batches.size(), 1U);
    EXPECT_EQ(batches[0].state, BatchState::kOpen) << settled;
  }
  EXPECT_EQ(judge_batches(series.steps, series.latencies, 3)[0].state, BatchState::kSteady);
}

TEST(JudgeBatches, HoldsEveryStepThatIsNoSentinelOnce) {
  BoardCampaign campaign{.board = "b",
                         .deployments = {"d", "e"},
                         .models = {"1", "2", "3", "4", "5", "6", "7"},
                         .sentinel_model = "1",
                         .sentinel_deployment = "d",
                         .seed = 1,
                         .sentinel_every = 4,
                         .repeats = 0.3};
  const auto steps = plan_board(campaign);
  const auto batches = judge_batches(steps, {}, 0);
  for (size_t i = 0; i < steps.size(); ++i)
    EXPECT_EQ(batch_of(batches, i).has_value(), steps[i].kind != StepKind::kSentinel) << i;
  for (size_t i = 1; i < batches.size(); ++i) EXPECT_EQ(batches[i].first, batches[i - 1].end + 1);
}

/// candidate a, candidate b, repeat of a, then the second attempts at both.
struct Retried {
  std::vector<CampaignStep> steps = {candidate("a"), candidate("b"), candidate("a"), candidate("a"),
                                     candidate("a")};
  Retried() {
    steps[2].kind = StepKind::kRepeat;
    steps[2].repeats = 0;
    steps[3].retries = 0;
    steps[4].kind = StepKind::kRepeat;
    steps[4].repeats = 0;
    steps[4].retries = 2;
  }
};

TEST(FinalAttempts, CountTheLastUsableOne) {
  using enum StepOutcome;
  const auto steps = Retried().steps;
  const auto final_of = [&](std::vector<StepOutcome> outcomes) {
    return final_attempts(steps, outcomes)[0];
  };
  EXPECT_EQ(final_of({kFailed, kUsable, kUsable, kUsable, kUsable}), 3U);
  EXPECT_EQ(final_of({kInvalid, kUsable, kUsable, kFailed, kUsable}), 0U);
  EXPECT_EQ(final_of({kFailed, kUsable, kUsable, kInvalid, kUsable}), 3U);
  EXPECT_EQ(final_of({kInvalid, kUsable, kUsable, kInvalid, kUsable}), 3U);
  EXPECT_EQ(final_of({kFailed}), 0U);
}

TEST(RepeatPairs, HoldTheLastUsableAttemptsAgainstEachOther) {
  const auto steps = Retried().steps;
  const auto pairs =
      repeat_pairs(steps, Latencies{std::nullopt, latency(9), latency(2), latency(1), latency(3)});
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].original, 3U);
  EXPECT_EQ(pairs[0].repeat, 4U);
  EXPECT_NEAR(pairs[0].log_ratio, std::log(3.0), 1e-12);
}

TEST(RepeatPairs, LeaveOutWhatHasNoLatency) {
  EXPECT_TRUE(repeat_pairs(Retried().steps, Latencies{latency(1), latency(1)}).empty());
}

}  // namespace
}  // namespace edgetran::profile
