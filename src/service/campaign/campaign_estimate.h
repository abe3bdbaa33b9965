#pragma once

#include "device/card.h"
#include "profile/profiles.h"
#include "service/campaign/campaign_models.h"
#include "service/campaign/campaign_state.h"

namespace edgetran::service {

/// Rough wall time of measuring a model, for plans: from its counted costs and what the profile
/// asks for. Of a simulated board the time that the arithmetic takes, not the time it models.
double estimated_step_s(const CampaignModel& model, const device::Deployment& deployment,
                        device::BoardKind kind, const profile::Profile& profile);

/// What is left to do on a board: by the mean of the steps that are done; 0 where none is.
double remaining_s(const BoardProgress& board);

}  // namespace edgetran::service
