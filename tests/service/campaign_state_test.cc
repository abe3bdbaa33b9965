// What the events of a campaign tell, without any board.
#include "service/campaign/campaign_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

#include "base/text.h"
#include "service/campaign/campaign_results.h"
#include "service/campaign/campaign_store.h"
#include "service/campaign/campaign_tables.h"

namespace edgetran::service {
namespace {

using base::ErrorCategory;
using base::Json;
using profile::StepKind;
using profile::StepOutcome;
using ::testing::HasSubstr;

/// Three models on one deployment; the sentinel is the first.
Json created() {
  Json models = Json::array();
  for (const char* name : {"a", "b", "c"})
    models.push_back(
        {{"model", name}, {"spec", {{"name", name}}}, {"parameters", 1}, {"flops", 1}});
  return {{"format", "edgetran.campaign/1"},
          {"profile", "quick"},
          {"mask", false},
          {"seed", 1},
          {"sentinel_every", 2},
          {"repeats", 0.3},
          {"sentinel", models[0]},
          {"boards",
           {{{"name", "board"},
             {"card", {{"deployments", {{{"name", "one"}}}}}},
             {"sentinel_deployment", "one"}}}},
          {"models", models}};
}

Json record(double median_s, const char* verdict = "VALID") {
  return {{"latency",
           {{"median_s", median_s}, {"low_s", median_s * 0.99}, {"high_s", median_s * 1.01}}},
          {"kind", "measured"},
          {"flags", Json::array()},
          {"verdict", verdict},
          {"raw", {{"sha256", "00"}}}};
}

/// A campaign that is told outcomes, and its log.
struct Told {
  std::vector<store::StoredEvent> events;
  CampaignState state;

  Told() {
    events.push_back({.id = "1",
                      .time_s = 0,
                      .type = std::string(kCampaignCreated),
                      .payload = created(),
                      .line = 2});
    state = replay_campaign(events, "folder").value();
  }
  BoardProgress& board() { return state.boards[0]; }
  void settle(SettledStep step) {
    auto event = step_event(board(), step, "device");
    events.push_back({.id = "1",
                      .time_s = 0,
                      .type = std::string(event.type),
                      .payload = std::move(event.payload),
                      .line = static_cast<int64_t>(events.size()) + 2});
    board().settle(std::move(step));
  }
  void measure(const Json& record) {
    settle({.outcome = record_outcome(record), .record = record, .reason = {}, .seconds = 1});
  }
  void fail(const char* reason, StepOutcome outcome = StepOutcome::kFailed) {
    settle({.outcome = outcome, .record = {}, .reason = reason, .seconds = 1});
  }
  /// Settles what is left, each with 1 ms.
  void finish() {
    while (!board().finished()) measure(record(1e-3));
  }
  const CampaignResult& result(const BoardResults& results, const std::string& model) {
    for (const auto& pair : results.pairs)
      if (pair.model->at("model") == model) return pair;
    throw std::out_of_range(model);
  }
  std::string next_model() { return board().steps[board().settled.size()].model; }
};

TEST(CampaignState, IsWhatItsEventsTell) {
  Told told;
  told.measure(record(1e-3));
  told.fail("does not fit");
  told.measure(record(2e-3, "INVALID"));
  told.finish();
  for (size_t kept = 1; kept <= told.events.size(); ++kept) {
    const auto replayed = replay_campaign(std::span(told.events).first(kept), "folder").value();
    EXPECT_EQ(replayed.settled(), kept - 1);
    const auto& board = replayed.boards[0];
    for (size_t i = 0; i < board.settled.size(); ++i) {
      EXPECT_EQ(board.settled[i].outcome, told.board().settled[i].outcome);
      EXPECT_EQ(board.settled[i].reason, told.board().settled[i].reason);
      EXPECT_EQ(board.settled[i].record, told.board().settled[i].record);
    }
    EXPECT_TRUE(std::equal(board.steps.begin(),
                           board.steps.begin() + static_cast<ptrdiff_t>(kept - 1),
                           told.board().steps.begin()));
  }
  EXPECT_TRUE(replay_campaign(told.events, "folder")->finished());
}

TEST(CampaignState, TriesAgainWhatFailedAndKeepsTheReason) {
  Told told;
  told.measure(record(1e-3));
  const auto model = told.next_model();
  told.fail("does not fit");
  const auto planned = told.board().steps.size();
  while (told.board().settled.size() < planned) told.measure(record(1e-3));
  ASSERT_FALSE(told.board().finished());
  EXPECT_EQ(told.next_model(), model);
  auto waiting = told.result(judge_board(told.state, told.board()), model);
  EXPECT_EQ(waiting.state(), "failed");
  EXPECT_EQ(waiting.settled->reason, "does not fit");
  told.fail("still does not fit");
  told.measure(record(1e-3));  // the sentinel after it
  told.fail("does not fit, ever");
  told.finish();
  const auto results = judge_board(told.state, told.board());
  EXPECT_EQ(told.result(results, model).state(), "failed");
  EXPECT_EQ(told.result(results, model).attempts, 3);
  EXPECT_EQ(told.result(results, model).settled->reason, "does not fit, ever");
  const auto text = campaign_reply(told.state, {})->text;
  EXPECT_THAT(text, HasSubstr("1 failed"));
  EXPECT_THAT(text, HasSubstr("does not fit, ever"));
}

TEST(CampaignState, DoesNotTryAgainWhatWasRefused) {
  Told told;
  told.measure(record(1e-3));
  told.fail("no such operator", StepOutcome::kRefused);
  const auto planned = told.board().steps.size();
  told.finish();
  EXPECT_EQ(told.board().steps.size(), planned);
  EXPECT_TRUE(replay_campaign(told.events, "folder")->finished());
}

TEST(CampaignState, CountsTheSecondAttemptAtWhatWasInvalid) {
  Told told;
  told.measure(record(1e-3));
  const auto model = told.next_model();
  told.measure(record(5e-3, "INVALID"));
  told.finish();
  const auto results = judge_board(told.state, told.board());
  EXPECT_EQ(told.result(results, model).state(), "measured");
  EXPECT_EQ(told.result(results, model).attempts, 2);
}

TEST(CampaignState, KeepsWhatStaysInvalidAndMarksIt) {
  Told told;
  told.measure(record(1e-3));
  const auto model = told.next_model();
  const auto planned = told.board().steps.size();
  told.measure(record(5e-3, "INVALID"));
  while (told.board().settled.size() < planned) told.measure(record(1e-3));
  told.measure(record(6e-3, "INVALID"));
  told.finish();
  const auto results = judge_board(told.state, told.board());
  EXPECT_EQ(told.result(results, model).state(), "INVALID");
  const auto text = measurements_jsonl(told.state);
  EXPECT_THAT(text, HasSubstr(R"("verdict":"INVALID")"));
  EXPECT_THAT(text, HasSubstr(R"("median_s":0.006)"));
}

TEST(CampaignState, TakesARecordWithoutALatencyForInvalid) {
  auto without = record(1e-3);
  without["latency"]["median_s"] = nullptr;
  EXPECT_EQ(record_outcome(without), StepOutcome::kInvalid);
  EXPECT_EQ(record_outcome(record(0)), StepOutcome::kInvalid);
  EXPECT_EQ(record_outcome(record(1e-3)), StepOutcome::kUsable);
  EXPECT_EQ(record_outcome(record(1e-3, "FLAGGED")), StepOutcome::kUsable);
  EXPECT_EQ(record_outcome(Json(3)), StepOutcome::kInvalid);
}

TEST(CampaignState, RefusesAnEventThatTheCampaignWouldNotHaveCaused) {
  Told told;
  told.finish();
  const auto refused = [&](const std::function<void(Json&)>& edit, size_t index = 2) {
    auto events = told.events;
    edit(events[index].payload);
    const auto replayed = replay_campaign(events, "folder");
    return !replayed && replayed.error().category == ErrorCategory::kCorrupt;
  };
  EXPECT_TRUE(refused([](Json& payload) { payload["step"] = 7; }));
  EXPECT_TRUE(refused([](Json& payload) { payload["model"] = "z"; }));
  EXPECT_TRUE(refused([](Json& payload) { payload["board"] = "z"; }));
  EXPECT_TRUE(refused([](Json& payload) { payload["attempt"] = 2; }));
  EXPECT_TRUE(refused([](Json& payload) { payload.erase("record"); }));
  EXPECT_FALSE(refused([](Json& payload) { payload["more"] = 1; }));
}

TEST(CampaignState, RefusesWhatIsNoCampaign) {
  EXPECT_EQ(replay_campaign({}, "folder").error().category, ErrorCategory::kUsage);
  Told told;
  told.events[0].type = "study.created";
  EXPECT_THAT(replay_campaign(told.events, "folder").error().message, HasSubstr("study.created"));
}

TEST(CampaignState, TakesTypesOfEventsThatAreNotKnownHere) {
  Told told;
  told.events.push_back(
      {.id = "1", .time_s = 0, .type = "campaign.learned", .payload = Json::object(), .line = 3});
  EXPECT_TRUE(replay_campaign(told.events, "folder"));
}

/// Sentinels of 1 ms until `from`, then of 1.1 ms.
Told drifted(size_t from) {
  Told told;
  while (!told.board().finished()) {
    const size_t at = told.board().settled.size();
    const bool sentinel = told.board().steps[at].kind == StepKind::kSentinel;
    told.measure(record(sentinel && at >= from ? 1.1e-3 : 1e-3));
  }
  return told;
}

TEST(CampaignResults, MarkTheRecordsOfABatchThatDrifted) {
  // Steps: S c c S c r S; the last sentinel drifted, and with it the second batch.
  Told told = drifted(5);
  const auto results = judge_board(told.state, told.board());
  ASSERT_EQ(results.batches.size(), 2U);
  EXPECT_EQ(results.batches[0].state, profile::BatchState::kSteady);
  EXPECT_EQ(results.batches[1].state, profile::BatchState::kDrift);
  int marked = 0;
  for (const auto& pair : results.pairs) {
    const auto flags = record_flags(marked_record(pair));
    EXPECT_EQ(flags.size(), pair.batch == 1U ? 1U : 0U);
    if (flags.empty()) continue;
    ++marked;
    EXPECT_EQ(flags[0], "DRIFT");
    EXPECT_EQ(marked_record(pair).at("verdict"), "FLAGGED");
    EXPECT_EQ(pair.settled->record.at("verdict"), "VALID");  // the log keeps what was measured
  }
  EXPECT_EQ(marked, 1);
  const auto text = campaign_reply(told.state, {})->text;
  EXPECT_THAT(text, HasSubstr("DRIFT      batch 2"));
  EXPECT_THAT(text, HasSubstr(std::string(flag_meaning("DRIFT"))));
}

TEST(CampaignResults, ProjectRecordsAsMeasuredWithTheirBatchBeside) {
  Told told = drifted(5);
  const auto results = judge_board(told.state, told.board());
  const auto text = measurements_jsonl(told.state);
  const auto lines = base::split(base::trim(text), '\n');
  ASSERT_EQ(lines.size(), 1 + results.pairs.size());
  for (size_t i = 0; i < results.pairs.size(); ++i) {
    Json projected = base::parse_json(lines[i + 1], "line").value().at("record");
    const Json campaign = projected.at("provenance").at("campaign");
    EXPECT_EQ(campaign.at("drift"), results.pairs[i].drifted);
    EXPECT_EQ(campaign.at("batch"), *results.pairs[i].batch + 1);
    projected.erase("provenance");
    EXPECT_EQ(projected, results.pairs[i].settled->record);
  }
}

TEST(CampaignResults, LeaveSteadyRecordsAsTheyAre) {
  Told told = drifted(1000);
  for (const auto& pair : judge_board(told.state, told.board()).pairs)
    EXPECT_EQ(marked_record(pair), pair.settled->record);
}

TEST(CampaignTables, ShowEveryPartInItsColumns) {
  Told told;
  told.finish();
  for (const auto& part : shown_parts()) {
    const auto reply = campaign_reply(told.state, {.show = part, .sort = {}}).value();
    if (part == "summary") {
      EXPECT_EQ(reply.data.at("settled"), told.board().steps.size());
      continue;
    }
    ASSERT_FALSE(reply.data.empty()) << part;
    EXPECT_FALSE(reply.columns.empty()) << part;
    EXPECT_TRUE(reply.data.at(0).contains(reply.columns.front().key)) << part;
  }
}

TEST(CampaignTables, ListAsManyRowsAsAskedFor) {
  Told told;
  told.finish();
  EXPECT_THAT(campaign_reply(told.state, {.sort = {}, .rows = 1})->text, HasSubstr("... 2 more"));
  EXPECT_THAT(campaign_reply(told.state, {.sort = {}, .rows = 0})->text,
              testing::Not(HasSubstr("more:")));
}

}  // namespace
}  // namespace edgetran::service
