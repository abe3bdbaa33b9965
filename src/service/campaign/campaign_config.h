#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "device/card.h"
#include "profile/campaign_plan.h"
#include "service/campaign/campaign_models.h"
#include "service/request.h"
#include "service/study/hardware.h"

namespace edgetran::service {

/// `edgetran profile run` as it is asked for.
struct CampaignRequest {
  std::string models;
  std::string space;
  int64_t count = 0;
  std::vector<std::string> device;
  std::vector<std::string> deployment;
  int64_t batch = 0;
  int64_t length = 0;
  std::string profile = "quick";
  bool mask = false;
  int64_t seed = 1;
  int64_t sentinel_every = 10;
  std::string sentinel;
  double repeats = 0.05;
  std::string out;
  bool dry_run = false;
};

/// Its declaration, once.
const base::Settings<CampaignRequest>& campaign_settings();

/// The command line that makes the request, in words a shell reads back.
std::string campaign_command(const CampaignRequest& request);

/// One board of a campaign.
struct CampaignBoard {
  std::string name;
  device::Card card;  ///< with the deployments that are measured
  std::string sentinel_deployment;
};

/// Everything that decides what is measured, checked.
struct CampaignConfig {
  std::vector<CampaignModel> models;
  CampaignModel sentinel;  ///< one of them, or another
  std::vector<CampaignBoard> boards;
  std::string profile;
  bool mask = false;
  int64_t seed = 1;
  int64_t sentinel_every = 10;
  double repeats = 0.05;
};

/// Reads and checks the request's files. kUsage: both or neither of models and space, no model, a
/// design twice, a deployment that no card has, two cards of one board, an unknown profile, a model
/// with fewer positions than a deployment's length.
base::Result<CampaignConfig> read_campaign(Context& context, const CampaignRequest& request);

/// Payload of campaign.created: all of it, so that a folder explains itself.
base::Json campaign_json(const CampaignConfig& config);

/// What the plan of one board needs, read back from campaign_json(). kCorrupt where it is not that.
struct LoggedCampaign {
  std::vector<profile::BoardCampaign> boards;
  base::Json created;
};
base::Result<LoggedCampaign> read_logged_campaign(const base::Json& created);

/// Ok where a campaign begun as `then` can be continued as `now`; else kUsage with what changed.
base::Status check_same_campaign(const base::Json& then, const base::Json& now,
                                 const std::string& folder);

}  // namespace edgetran::service
