#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "device/board.h"
#include "service/campaign/campaign_state.h"
#include "store/artefacts.h"
#include "store/event_log.h"

namespace edgetran::service {

/// A campaign folder opened for writing: events.jsonl (the truth), artifacts/ (raw samples by their
/// SHA-256), measurements.jsonl (projected), agent.log. Thread-safe once begun: each board's thread
/// settles the steps of its own board.
class CampaignStore {
 public:
  /// Opens or creates the folder, and begins the campaign or checks that it is the one that was
  /// begun. kUsage: other inputs, or another kind of folder; kResource: another process runs it.
  static base::Result<std::unique_ptr<CampaignStore>> open(const std::filesystem::path& folder,
                                                           const base::Clock& clock,
                                                           const base::Json& config);

  /// What opening had to repair; empty when nothing.
  const std::string& recovered() const { return log_.recovered(); }
  const std::filesystem::path& folder() const { return folder_; }

  /// Keeps the raw samples, then logs the record; both are on the disk when it returns. A full disk
  /// is kResource, and the step is as if it had not been done.
  base::Status measured(size_t board, device::Measurement measurement, double seconds);
  /// Logs that the next step of the board failed; `again`: trying again may help.
  base::Status failed(size_t board, const base::Error& error, bool again, double seconds);

  /// A copy of how far one board is; only its own thread changes it.
  const BoardProgress& board(size_t index) const { return state_.boards[index]; }
  size_t boards() const { return state_.boards.size(); }
  CampaignState state() const;
  struct Count {
    size_t settled = 0;
    size_t planned = 0;
  };
  Count count() const;

  /// Writes measurements.jsonl from the state.
  base::Status project() const;

 private:
  CampaignStore(std::filesystem::path folder, store::EventLog log)
      : folder_(std::move(folder)), log_(std::move(log)), artefacts_(folder_ / "artifacts") {}
  base::Status begin(const base::Json& config);
  base::Status append(size_t board, SettledStep step, std::string_view category);

  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  store::EventLog log_;
  store::Artefacts artefacts_;
  CampaignState state_;
};

/// measurements.jsonl (`edgetran.measurements/1`) of a state: a line for each pair that has a
/// latency, in the order of boards, deployments and models: its final attempt, INVALID ones too.
/// {"spec", "record"}. The records are as measured, so that `edgetran recheck` computes them anew;
/// provenance.campaign {"step", "batch", "state", "drift"} tells of the batch that each was
/// measured in, and raw.path leads to its samples from the campaign's folder. Sentinels and repeats
/// are not among them.
std::string measurements_jsonl(const CampaignState& state);

}  // namespace edgetran::service
