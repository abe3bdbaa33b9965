#include "service/campaign/campaign_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "service/campaign/campaign_config.h"
#include "store/study_view.h"

namespace edgetran::service {

using base::ErrorCategory;
using base::Json;
using base::Result;
using profile::StepOutcome;

namespace {

bool is_step(const profile::CampaignStep& step, const Json& payload) {
  return payload.value("kind", std::string()) == profile::step_name(step.kind) &&
         payload.value("model", std::string()) == step.model &&
         payload.value("deployment", std::string()) == step.deployment &&
         payload.value("attempt", int64_t{0}) == step.attempt;
}

SettledStep read_step(const store::StoredEvent& event) {
  const Json& payload = event.payload;
  SettledStep step;
  step.seconds = payload.value("seconds", 0.0);
  if (event.type == kCampaignMeasured) {
    step.record = payload.at("record");
    step.outcome = record_outcome(step.record);
    return step;
  }
  step.reason = payload.value("reason", std::string());
  step.outcome = payload.value("again", false) ? StepOutcome::kFailed : StepOutcome::kRefused;
  return step;
}

base::Status replay_step(CampaignState& state, const store::StoredEvent& event) {
  const Json& payload = event.payload;
  BoardProgress* board = state.find_board(payload.value("board", std::string()));
  const auto number = payload.value("step", int64_t{-1});
  const bool next = board != nullptr && !board->finished() &&
                    number == static_cast<int64_t>(board->settled.size()) &&
                    is_step(board->steps[board->settled.size()], payload);
  if (!next || (event.type == kCampaignMeasured && !payload.contains("record")))
    return base::fail(
        ErrorCategory::kCorrupt,
        fmt::format("line {}: step {} is not the one that this campaign would do next", event.line,
                    number),
        "the campaign's log was changed, or the program plans differently now");
  board->settle(read_step(event));
  return {};
}

}  // namespace

std::optional<profile::StepLatency> record_latency(const Json& record) {
  const auto metrics = store::record_metrics(record);
  const auto figure = [&](const char* name) {
    const auto it = metrics.find(name);
    return it == metrics.end() ? 0.0 : it->second;
  };
  const profile::StepLatency latency{.median_s = figure("latency_s"),
                                     .low_s = figure("latency_low_s"),
                                     .high_s = figure("latency_high_s")};
  const auto good = [](double value) { return std::isfinite(value) && value > 0; };
  if (!good(latency.median_s) || !good(latency.low_s) || !good(latency.high_s)) return {};
  return latency;
}

BoardProgress::BoardProgress(profile::BoardCampaign of)
    : campaign(std::move(of)), steps(profile::plan_board(campaign)) {}

void BoardProgress::settle(SettledStep step) {
  EDGETRAN_CHECK(!finished(), "every step of the board is settled");
  settled.push_back(std::move(step));
  if (!finished()) return;
  auto further = profile::further_steps(campaign, steps, outcomes());
  std::ranges::move(further, std::back_inserter(steps));
}

std::vector<StepOutcome> BoardProgress::outcomes() const {
  std::vector<StepOutcome> list;
  list.reserve(settled.size());
  for (const auto& step : settled) list.push_back(step.outcome);
  return list;
}

std::vector<std::optional<profile::StepLatency>> BoardProgress::latencies() const {
  std::vector<std::optional<profile::StepLatency>> list;
  list.reserve(settled.size());
  for (const auto& step : settled)
    list.push_back(step.outcome == StepOutcome::kUsable ? record_latency(step.record)
                                                        : std::nullopt);
  return list;
}

size_t CampaignState::settled() const {
  size_t count = 0;
  for (const auto& board : boards) count += board.settled.size();
  return count;
}

size_t CampaignState::planned() const {
  size_t count = 0;
  for (const auto& board : boards) count += board.steps.size();
  return count;
}

BoardProgress* CampaignState::find_board(const std::string& name) {
  for (auto& board : boards)
    if (board.campaign.board == name) return &board;
  return nullptr;
}

StepEvent step_event(const BoardProgress& board, const SettledStep& step,
                     std::string_view category) {
  const size_t number = board.settled.size();
  const auto& planned = board.steps.at(number);
  StepEvent event{.type = kCampaignMeasured,
                  .payload = {{"board", board.campaign.board},
                              {"step", number},
                              {"kind", profile::step_name(planned.kind)},
                              {"model", planned.model},
                              {"deployment", planned.deployment},
                              {"attempt", planned.attempt},
                              {"seconds", step.seconds}}};
  if (!step.record.is_null()) {
    event.payload["record"] = step.record;
    return event;
  }
  event.type = kCampaignFailed;
  event.payload["category"] = category;
  event.payload["reason"] = step.reason;
  event.payload["again"] = step.outcome == StepOutcome::kFailed;
  return event;
}

StepOutcome record_outcome(const Json& record) {
  const bool valid = record.is_object() && record.value("verdict", std::string()) != "INVALID";
  return valid && record_latency(record) ? StepOutcome::kUsable : StepOutcome::kInvalid;
}

Result<CampaignState> replay_campaign(std::span<const store::StoredEvent> events,
                                      const std::string& folder) {
  if (events.empty() || events.front().type != kCampaignCreated)
    return base::fail(ErrorCategory::kUsage,
                      events.empty() ? fmt::format("'{}' holds no campaign yet", folder)
                                     : fmt::format("'{}' is no campaign: its log begins with {}",
                                                   folder, events.front().type),
                      "name the folder that 'edgetran profile run --out' made");
  EDGETRAN_ASSIGN(auto logged, read_logged_campaign(events.front().payload));
  CampaignState state{.created = std::move(logged.created), .boards = {}};
  state.boards.reserve(logged.boards.size());
  for (auto& board : logged.boards) state.boards.emplace_back(std::move(board));
  for (const auto& event : events)
    if (event.type == kCampaignMeasured || event.type == kCampaignFailed)
      EDGETRAN_TRY(replay_step(state, event));
  return state;
}

Result<CampaignState> read_campaign_folder(const std::filesystem::path& folder) {
  EDGETRAN_ASSIGN(const auto log, store::read_event_log(folder));
  return replay_campaign(log.events, folder.string());
}

}  // namespace edgetran::service
