#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/campaign_verdicts.h"
#include "service/campaign/campaign_state.h"

namespace edgetran::service {

/// What is known of one (model, deployment) pair.
struct CampaignResult {
  const base::Json* model = nullptr;  ///< its entry in campaign.created
  std::string deployment;
  size_t step = 0;                       ///< of the attempt that counts
  const SettledStep* settled = nullptr;  ///< none while it is pending
  int64_t attempts = 0;                  ///< made so far
  std::optional<size_t> batch;           ///< of that step, index in BoardResults::batches
  bool drifted = false;                  ///< its batch is marked

  /// "measured", "INVALID", "failed" or "pending".
  std::string state() const;
};

/// A repeat beside its original.
struct CampaignRepeat {
  profile::RepeatPair pair;
  std::string model;
  std::string deployment;
};

/// One board's part of a campaign, judged. Pointers reach into the state.
struct BoardResults {
  const BoardProgress* board = nullptr;
  std::vector<CampaignResult> pairs;  ///< by deployment, then by model, as they were named
  std::vector<profile::SentinelDrift> sentinels;
  std::vector<profile::Batch> batches;
  std::vector<CampaignRepeat> repeats;
  profile::Reproducibility reproducibility;
};

BoardResults judge_board(const CampaignState& state, const BoardProgress& board);
std::vector<BoardResults> judge_campaign(const CampaignState& state);

/// A record's flags.
std::vector<std::string> record_flags(const base::Json& record);

/// The record as tables show it: of a batch that drifted with the flag DRIFT, and FLAGGED where it
/// was VALID.
base::Json marked_record(const CampaignResult& result);

}  // namespace edgetran::service
