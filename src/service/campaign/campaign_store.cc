#include "service/campaign/campaign_store.h"

#include <utility>

#include "base/files.h"
#include "base/id.h"
#include "service/campaign/campaign_config.h"

namespace edgetran::service {

using base::Json;
using base::Result;
using base::Status;
using profile::StepOutcome;

namespace {

constexpr std::string_view kMeasurementsFile = "measurements.jsonl";

}  // namespace

Result<std::unique_ptr<CampaignStore>> CampaignStore::open(const std::filesystem::path& folder,
                                                           const base::Clock& clock,
                                                           const Json& config) {
  EDGETRAN_ASSIGN(auto log, store::EventLog::open(folder, clock, base::system_entropy()));
  std::unique_ptr<CampaignStore> store(new CampaignStore(folder, std::move(log)));
  EDGETRAN_TRY(store->begin(config));
  return store;
}

Status CampaignStore::begin(const Json& config) {
  if (log_.events().empty()) EDGETRAN_TRY(log_.append(kCampaignCreated, config));
  EDGETRAN_ASSIGN(state_, replay_campaign(log_.events(), folder_.string()));
  return check_same_campaign(state_.created, config, folder_.string());
}

Status CampaignStore::measured(size_t board, device::Measurement measurement, double seconds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // The samples first: a record whose samples are nowhere must not be in the log.
  // Replayed figures have none.
  if (!measurement.raw.empty()) {
    EDGETRAN_ASSIGN(const std::string raw, artefacts_.put_bytes(measurement.raw));
    measurement.record["raw"]["path"] = "sha256:" + raw;
  }
  const auto outcome = record_outcome(measurement.record);
  return append(board,
                {.outcome = outcome,
                 .record = std::move(measurement.record),
                 .reason = {},
                 .seconds = seconds},
                {});
}

Status CampaignStore::failed(size_t board, const base::Error& error, bool again, double seconds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return append(board,
                {.outcome = again ? StepOutcome::kFailed : StepOutcome::kRefused,
                 .record = {},
                 .reason = error.message,
                 .seconds = seconds},
                base::category_name(error.category));
}

Status CampaignStore::append(size_t board, SettledStep step, std::string_view category) {
  BoardProgress& progress = state_.boards[board];
  auto event = step_event(progress, step, category);
  EDGETRAN_TRY(log_.append(event.type, std::move(event.payload)));
  progress.settle(std::move(step));
  return {};
}

CampaignState CampaignStore::state() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return state_;
}

CampaignStore::Count CampaignStore::count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {.settled = state_.settled(), .planned = state_.planned()};
}

Status CampaignStore::project() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return base::write_file_atomic(folder_ / kMeasurementsFile, measurements_jsonl(state_));
}

}  // namespace edgetran::service
