#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "service/campaign/campaign_config.h"
#include "service/campaign/campaign_exports.h"
#include "service/campaign/campaign_store.h"
#include "service/campaign/machine_turns.h"
#include "service/request.h"
#include "service/study/hardware.h"

namespace edgetran::service {

/// Runs a campaign from wherever its folder stands to its end: a thread a board, each with an agent
/// and an exclusive lease of its own. What a board measures next depends on its log alone, so a
/// campaign that was killed goes on as if it had not been. (Learning while measuring would choose
/// the next models here, between two steps, from the same log.)
///
/// A measurement that fails is logged with its reason and tried again at the end of the board's
/// plan. The sentinel is the exception: a board on which the model that has worked does not work is
/// not measuring, so its campaign stops there, and the same command goes on with that sentinel.
///
/// A model is exported between measurements, never beside one: on this machine the export would be
/// measured too. It could run ahead of a measurement on a remote board, but is needed once a group
/// of measurements only, so that little is to be gained.
class CampaignRunner {
 public:
  CampaignRunner(Context& context, const CampaignConfig& config, CampaignStore& store,
                 std::string command);

  /// kInterrupted after a cancel; the error of a board that stopped (the others have finished);
  /// kResource: the disk is full. What was measured is kept in every case. A first cancel lets the
  /// measurements that are under way finish, a second stops them.
  base::Status run();

 private:
  class BoardThread;

  /// Passes interrupts on to the boards until all have ended.
  void pass_interrupts_on();
  base::Status outcome(const std::vector<base::Status>& results) const;

  Context& context_;
  const CampaignConfig& config_;
  CampaignStore& store_;
  std::string command_;
  Hardware hardware_;
  CampaignExports exports_;
  MachineTurns turns_;
  base::CancelToken stop_;      ///< between steps
  base::CancelToken stop_now_;  ///< within a measurement
  std::mutex mutex_;            ///< of the two below
  std::condition_variable ended_;
  size_t working_ = 0;  ///< boards whose thread has not ended
};

}  // namespace edgetran::service
