#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "profile/campaign_plan.h"
#include "profile/campaign_verdicts.h"
#include "store/event_log.h"

namespace edgetran::service {

// The events of a campaign's log and their payloads.
//   campaign.created   format, profile, mask, seed, sentinel_every, repeats, sentinel{}, boards[],
//                      models[{model, spec, parameters, flops}]
//   campaign.measured  board, step, kind, model, deployment, attempt, seconds, record{}
//   campaign.failed    board, step, kind, model, deployment, attempt, seconds, category, reason,
//                      again: whether trying again may help
inline constexpr std::string_view kCampaignCreated = "campaign.created";
inline constexpr std::string_view kCampaignMeasured = "campaign.measured";
inline constexpr std::string_view kCampaignFailed = "campaign.failed";

/// A step that has an outcome.
struct SettledStep {
  profile::StepOutcome outcome = profile::StepOutcome::kFailed;
  base::Json record;   ///< null where it failed
  std::string reason;  ///< why it failed
  double seconds = 0;  ///< wall time of the step, export and transfer included
};

/// How far a board is.
struct BoardProgress {
  profile::BoardCampaign campaign;
  std::vector<profile::CampaignStep> steps;
  std::vector<SettledStep> settled;  ///< of the first steps, in order

  explicit BoardProgress(profile::BoardCampaign of);
  bool finished() const { return settled.size() == steps.size(); }
  /// Takes the outcome of the next step; further steps follow where it was the last one and
  /// something has to be tried again.
  void settle(SettledStep step);
  std::vector<profile::StepOutcome> outcomes() const;
  /// By settled step; none without a usable record.
  std::vector<std::optional<profile::StepLatency>> latencies() const;
};

/// A campaign as its log tells it. Boards in the order in which they were named.
struct CampaignState {
  base::Json created;
  std::vector<BoardProgress> boards;

  size_t settled() const;
  size_t planned() const;
  bool finished() const { return settled() == planned(); }
  BoardProgress* find_board(const std::string& name);
};

/// The payload of a step's event, and its type.
struct StepEvent {
  std::string_view type;
  base::Json payload;
};
StepEvent step_event(const BoardProgress& board, const SettledStep& step,
                     std::string_view category);

/// The median latency of a record and its interval; none where one is missing or not positive.
std::optional<profile::StepLatency> record_latency(const base::Json& record);

/// The outcome that a record has: INVALID, or usable.
profile::StepOutcome record_outcome(const base::Json& record);

/// The state after `events`. kUsage: they are not a campaign's; kCorrupt: an event that the plan
/// would not have caused. Events of types that are not known here tell nothing.
base::Result<CampaignState> replay_campaign(std::span<const store::StoredEvent> events,
                                            const std::string& folder);

/// The state of a campaign folder, for readers. Writes nothing; works while it is being run.
base::Result<CampaignState> read_campaign_folder(const std::filesystem::path& folder);

}  // namespace edgetran::service
