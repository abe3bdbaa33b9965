#include "search/random_halving.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/random.h"
#include "search_fixture.h"

namespace edgetran::search {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RandomHalvingSettings settings() {
  return {.encoders = 8, .rungs = {100, 300, 900}, .keep = 0.5, .sampling = "sobol"};
}

std::unique_ptr<RandomHalving> make(MethodInput with = input(),
                                    const RandomHalvingSettings& how = settings()) {
  return std::move(RandomHalving::create(how, std::move(with)).value());
}

/// A law that gives every item a result: later trials are more accurate and slower.
Outcome law(const Work& work) {
  const auto id = static_cast<double>(work.trial);
  switch (work.kind) {
    case Work::Kind::kDescribe:
      return {.metrics = {{"parameters", 1000 * id}, {"flops", 10 * id}}, .reason = {}};
    case Work::Kind::kMeasure:
      return {.metrics = {{"latency_s", id * (work.device == "two_threads" ? 0.5 : 1.0)}},
              .reason = {}};
    case Work::Kind::kTrain:
      break;
  }
  const double tokens = static_cast<double>(work.to_tokens);
  return {.metrics = {{"accuracy", 0.1 * id + 0.00001 * tokens}}, .reason = {}};
}

Outcome failed(std::string reason) {
  return {.kind = Outcome::Kind::kFailed, .metrics = {}, .reason = std::move(reason)};
}

struct Told {
  Work work;
  Outcome outcome;
};

/// Runs to the end, `width` items at a time, answered in the order `answers` leaves them in.
std::vector<Told> run(Method& method, size_t width,
                      const std::function<Outcome(const Work&)>& answer = law,
                      const std::function<void(std::vector<Work>&)>& order = {}) {
  std::vector<Told> history;
  std::vector<Work> pending;
  while (!method.finished()) {
    for (Work& work : method.ask(width - pending.size())) pending.push_back(std::move(work));
    if (pending.empty()) {
      ADD_FAILURE() << "nothing to do and not finished";
      return history;
    }
    if (order) order(pending);
    const Work work = pending.front();
    pending.erase(pending.begin());
    history.push_back({work, answer(work)});
    const auto told = method.tell(work, history.back().outcome);
    EXPECT_TRUE(told.has_value()) << told.error().message;
  }
  EXPECT_THAT(method.ask(100), IsEmpty());
  return history;
}

std::vector<std::string> summary(const Method& method) {
  std::vector<std::string> lines;
  for (const Trial& trial : method.trials()) {
    lines.push_back(std::to_string(trial.id) + " " + std::string(state_name(trial.state)) + " " +
                    trial.reason + " " + std::to_string(trial.rungs.size()) + " " +
                    trial.spec_hash);
  }
  return lines;
}

int64_t count(const Method& method, TrialState state) {
  return std::ranges::count(method.trials(), state, &Trial::state);
}

TEST(RandomHalving, ProposesDistinctMembersOfTheSpace) {
  const auto method = make();
  ASSERT_EQ(method->trials().size(), 8U);
  std::set<std::string> hashes;
  for (const Trial& trial : method->trials()) {
    EXPECT_TRUE(small_space().contains(trial.spec));
    EXPECT_EQ(trial.spec_hash, space::canonical_hash(trial.spec));
    hashes.insert(trial.spec_hash);
  }
  EXPECT_EQ(hashes.size(), 8U);
}

TEST(RandomHalving, DescribesThenMeasuresThenTrains) {
  const auto method = make(input(), {.encoders = 1, .rungs = {100, 300}, .keep = 1});
  const std::vector<Told> history = run(*method, 1);
  std::vector<std::string> texts;
  for (const Told& told : history) texts.push_back(told.work.text());
  EXPECT_THAT(texts,
              ElementsAre("describe trial 1", "measure trial 1 on one_thread",
                          "measure trial 1 on two_threads", "train trial 1 to rung 0 (100 tokens)",
                          "train trial 1 to rung 1 (300 tokens)"));
  EXPECT_EQ(history[3].work.from_tokens, 0);
  EXPECT_EQ(history[4].work.from_tokens, 100);
}

TEST(RandomHalving, KeepsTheShareOfEachRung) {
  const auto method = make();
  const std::vector<Told> history = run(*method, 1);
  std::map<int64_t, int64_t> trained;
  for (const Told& told : history) {
    if (told.work.kind == Work::Kind::kTrain) ++trained[told.work.rung];
  }
  EXPECT_THAT(trained, ElementsAre(testing::Pair(0, 8), testing::Pair(1, 4), testing::Pair(2, 2)));
  EXPECT_EQ(count(*method, TrialState::kComplete), 2);
  EXPECT_EQ(count(*method, TrialState::kStopped), 6);
}

TEST(RandomHalving, RoundsTheShareUpAndKeepsAtLeastOne) {
  const auto finishers = [](int64_t encoders, double keep) {
    const auto method = make(input(), {.encoders = encoders, .rungs = {1, 2}, .keep = keep});
    run(*method, 1);
    return count(*method, TrialState::kComplete);
  };
  EXPECT_EQ(finishers(5, 0.5), 3);
  EXPECT_EQ(finishers(5, 0.01), 1);
  EXPECT_EQ(finishers(10, 0.3), 3);
  EXPECT_EQ(finishers(5, 1), 5);
}

TEST(RandomHalving, AFrontThatIsTooLargeKeepsItsEnds) {
  const auto method = make();  // by the law every trial is on the front
  run(*method, 1);
  EXPECT_EQ(method->trials().back().state, TrialState::kComplete) << "the most accurate";
  EXPECT_EQ(method->trials().front().state, TrialState::kComplete) << "the fastest";
}

TEST(RandomHalving, DominatedTrialsStopFirst) {
  const auto method = make(input(), {.encoders = 4, .rungs = {1, 2}, .keep = 0.5});
  const auto answer = [](const Work& work) {
    Outcome outcome = law(work);
    // Trials 2 and 4 are both slower and less accurate than 1 and 3.
    if (work.kind == Work::Kind::kTrain && work.trial % 2 == 0) outcome.metrics["accuracy"] = 0;
    return outcome;
  };
  run(*method, 1, answer);
  const auto state = [&](size_t id) { return method->trials()[id - 1].state; };
  EXPECT_EQ(state(1), TrialState::kComplete);
  EXPECT_EQ(state(2), TrialState::kStopped);
  EXPECT_EQ(state(3), TrialState::kComplete);
  EXPECT_EQ(state(4), TrialState::kStopped);
  EXPECT_THAT(method->trials()[1].reason, HasSubstr("of 4 at rung 0, 2 went on"));
}

TEST(RandomHalving, ResultsDoNotDependOnWidthOrOrderOfArrival) {
  const auto one = make();
  run(*one, 1);
  base::RandomStream random(9, "arrival");
  for (const size_t width : {2U, 5U, 50U}) {
    const auto many = make();
    run(*many, width, law, [&](std::vector<Work>& pending) { random.shuffle(pending); });
    EXPECT_EQ(summary(*many), summary(*one));
  }
}

TEST(RandomHalving, AReplayedPrefixGoesOnTheSame) {
  const auto whole = make();
  const std::vector<Told> history = run(*whole, 3);
  for (size_t cut = 0; cut <= history.size(); ++cut) {
    const auto replayed = [&] {
      auto method = make();
      for (size_t i = 0; i < cut; ++i) {
        EXPECT_TRUE(method->tell(history[i].work, history[i].outcome).has_value());
      }
      return method;
    };
    EXPECT_EQ(replayed()->ask(4), replayed()->ask(4)) << "after " << cut;
    const auto again = replayed();
    run(*again, 1);
    EXPECT_EQ(summary(*again), summary(*whole)) << "after " << cut;
  }
}

TEST(RandomHalving, HandsAnItemOutOnce) {
  const auto method = make();
  const std::vector<Work> first = method->ask(3);
  const std::vector<Work> second = method->ask(100);
  EXPECT_EQ(first.size() + second.size(), 8U) << "one description a trial";
  for (const Work& work : second) EXPECT_EQ(std::ranges::count(first, work), 0);
  EXPECT_THAT(method->ask(100), IsEmpty());
  EXPECT_FALSE(method->finished());
}

TEST(RandomHalving, RefusesAHistoryOfAnotherSearch) {
  const auto method = make();
  Work training;
  training.kind = Work::Kind::kTrain;
  training.trial = 1;
  training.to_tokens = 100;
  const auto early = method->tell(training, law(training));
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().category, base::ErrorCategory::kCorrupt);
  const Work described = method->ask(1).front();
  ASSERT_TRUE(method->tell(described, law(described)).has_value());
  EXPECT_FALSE(method->tell(described, law(described)).has_value()) << "told twice";
  Work unknown = described;
  unknown.trial = 99;
  EXPECT_FALSE(method->tell(unknown, law(unknown)).has_value());
}

TEST(RandomHalving, FailedTrainingIsAStateAndTakesNoPart) {
  const auto method = make();
  run(*method, 1, [](const Work& work) {
    const bool fails = work.kind == Work::Kind::kTrain && work.trial == 8;
    return fails ? failed("out of memory") : law(work);
  });
  const Trial& trial = method->trials()[7];
  EXPECT_EQ(trial.state, TrialState::kFailed);
  EXPECT_THAT(trial.reason, HasSubstr("out of memory"));
  EXPECT_THAT(trial.rungs, IsEmpty());
  for (const Pair& pair : method->pairs()) EXPECT_NE(pair.trial, 8);
}

TEST(RandomHalving, ResultsThatAreNotNumbersAreFailures) {
  const auto method = make();
  run(*method, 1, [](const Work& work) {
    Outcome outcome = law(work);
    if (work.kind == Work::Kind::kTrain && work.trial == 2) {
      outcome.metrics["accuracy"] = std::numeric_limits<double>::quiet_NaN();
    }
    if (work.kind == Work::Kind::kTrain && work.trial == 3) outcome.metrics = {{"loss", 1}};
    return outcome;
  });
  EXPECT_EQ(method->trials()[1].state, TrialState::kFailed);
  EXPECT_THAT(method->trials()[1].reason, HasSubstr("accuracy is nan"));
  EXPECT_EQ(method->trials()[2].state, TrialState::kFailed);
  EXPECT_THAT(method->trials()[2].reason, HasSubstr("accuracy has no value"));
}

TEST(RandomHalving, OneFailedDeviceLeavesTheOthers) {
  const auto method = make();
  run(*method, 1, [](const Work& work) {
    return work.kind == Work::Kind::kMeasure && work.device == "one_thread" ? failed("no lease")
                                                                            : law(work);
  });
  EXPECT_EQ(count(*method, TrialState::kComplete), 2);
  EXPECT_EQ(method->trials()[0].unmeasured.at("one_thread"), "no lease");
  for (const Pair& pair : method->pairs()) EXPECT_EQ(pair.device, "two_threads");
}

TEST(RandomHalving, ATrialThatNoDeviceMeasuredFails) {
  const auto method = make();
  run(*method, 1, [](const Work& work) {
    return work.kind == Work::Kind::kMeasure && work.trial == 1 ? failed("no lease") : law(work);
  });
  EXPECT_EQ(method->trials()[0].state, TrialState::kFailed);
  EXPECT_THAT(method->trials()[0].reason, HasSubstr("no lease"));
}

TEST(RandomHalving, BrokenLimitsSpareTheTraining) {
  MethodInput limited = input();
  limited.problem.constraints = {{"latency_s", std::nullopt, 2.0},
                                 {"parameters", std::nullopt, 6000}};
  const auto method = make(limited);
  const std::vector<Told> history = run(*method, 1);
  for (const Told& told : history) {
    // Latency on two threads is id / 2: trials 1 to 4 fit; 7 and 8 are too large to be measured.
    if (told.work.kind == Work::Kind::kTrain) {
      EXPECT_LE(told.work.trial, 4);
    }
    if (told.work.kind == Work::Kind::kMeasure) {
      EXPECT_LE(told.work.trial, 6);
    }
  }
  EXPECT_EQ(count(*method, TrialState::kInfeasible), 4);
  EXPECT_THAT(method->trials()[4].reason, HasSubstr("latency_s <= 2"));
  EXPECT_THAT(method->trials()[7].reason, HasSubstr("parameters <= 6000"));
}

TEST(RandomHalving, ARetriedTrialTakesUpWhereItFailed) {
  const auto method = make(input(), {.encoders = 2, .rungs = {100, 300}, .keep = 1});
  run(*method, 1, [](const Work& work) {
    return work.kind == Work::Kind::kTrain && work.trial == 2 && work.rung == 1 ? failed("killed")
                                                                                : law(work);
  });
  ASSERT_EQ(method->trials()[1].state, TrialState::kFailed);
  ASSERT_TRUE(method->retry(2).has_value());
  const std::vector<Told> history = run(*method, 1);
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].work.from_tokens, 100);
  EXPECT_EQ(method->trials()[1].state, TrialState::kComplete);
}

TEST(RandomHalving, ALateTrialGoesOnOnlyIfItWouldHave) {
  const auto outcome_of = [](int64_t late) {
    const auto method = make(input(), {.encoders = 4, .rungs = {100, 300}, .keep = 0.5});
    const auto answer = [](const Work& work) {
      Outcome outcome = law(work);
      // Dominated in the order of ids: later is slower and less accurate.
      if (work.kind == Work::Kind::kTrain)
        outcome.metrics["accuracy"] = 1.0 / static_cast<double>(work.trial);
      return outcome;
    };
    run(*method, 1, [&](const Work& work) {
      return work.kind == Work::Kind::kTrain && work.trial == late ? failed("killed")
                                                                   : answer(work);
    });
    EXPECT_TRUE(method->retry(late).has_value());
    run(*method, 1, answer);
    return method->trials()[static_cast<size_t>(late - 1)].state;
  };
  EXPECT_EQ(outcome_of(1), TrialState::kComplete);
  EXPECT_EQ(outcome_of(4), TrialState::kStopped);
}

TEST(RandomHalving, AnAbandonedTrialHoldsNothingUp) {
  const auto method = make(input(), {.encoders = 2, .rungs = {100, 300}, .keep = 0.5});
  for (const Work& work : method->ask(2)) ASSERT_TRUE(method->tell(work, law(work)).has_value());
  ASSERT_TRUE(method->abandon(1).has_value());
  run(*method, 1);
  EXPECT_EQ(method->trials()[0].state, TrialState::kAbandoned);
  EXPECT_EQ(method->trials()[1].state, TrialState::kComplete);
  EXPECT_FALSE(method->abandon(2).has_value()) << "complete";
  EXPECT_FALSE(method->retry(2).has_value());
}

TEST(RandomHalving, TellsWhichTrialsChanged) {
  const auto method = make(input(), {.encoders = 2, .rungs = {100, 300}, .keep = 0.5});
  EXPECT_THAT(method->take_changed(), IsEmpty());
  const Work work = method->ask(1).front();
  ASSERT_TRUE(method->tell(work, law(work)).has_value());
  EXPECT_THAT(method->take_changed(), ElementsAre(1)) << "waiting became running";
  EXPECT_THAT(method->take_changed(), IsEmpty());
  run(*method, 1);
  EXPECT_THAT(method->take_changed(), ElementsAre(1, 2));
}

TEST(RandomHalving, PairsCarryEverythingKnown) {
  const auto method = make(input(), {.encoders = 1, .rungs = {100, 300}, .keep = 1});
  run(*method, 1);
  const std::vector<Pair> pairs = method->pairs();
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[1].device, "two_threads");
  EXPECT_TRUE(pairs[1].complete);
  EXPECT_THAT(
      pairs[1].metrics,
      ElementsAre(testing::Pair("accuracy", testing::DoubleEq(0.103)), testing::Pair("flops", 10),
                  testing::Pair("latency_s", 0.5), testing::Pair("parameters", 1000)));
}

TEST(RandomHalving, OtherSeedsDrawOtherEncoders) {
  EXPECT_EQ(summary(*make(input(1))), summary(*make(input(1))));
  EXPECT_NE(summary(*make(input(1))), summary(*make(input(2))));
}

TEST(RandomHalving, RefusesSettingsThatMakeNoSense) {
  const auto refused = [](auto change) {
    RandomHalvingSettings how = settings();
    MethodInput with = input();
    change(how, with);
    return !RandomHalving::create(how, with).has_value();
  };
  EXPECT_FALSE(refused([](auto&, auto&) {}));
  EXPECT_TRUE(refused([](auto& how, auto&) { how.encoders = 0; }));
  EXPECT_TRUE(refused([](auto& how, auto&) { how.rungs = {}; }));
  EXPECT_TRUE(refused([](auto& how, auto&) { how.rungs = {100, 100}; }));
  EXPECT_TRUE(refused([](auto& how, auto&) { how.rungs = {0, 100}; }));
  EXPECT_TRUE(refused([](auto& how, auto&) { how.keep = 0; }));
  EXPECT_TRUE(refused([](auto& how, auto&) { how.keep = 1.5; }));
  EXPECT_TRUE(refused([](auto&, auto& with) { with.devices = {}; }));
  EXPECT_TRUE(refused([](auto&, auto& with) { with.devices = {"a", "a"}; }));
  EXPECT_TRUE(refused([](auto&, auto& with) { with.problem.objectives = {}; }));
}

}  // namespace
}  // namespace edgetran::search
