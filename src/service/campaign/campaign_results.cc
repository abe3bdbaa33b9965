#include "service/campaign/campaign_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "device/replay_rows.h"
#include "service/campaign/campaign_store.h"
#include "store/artefacts.h"

namespace edgetran::service {

using base::Json;
using profile::StepKind;
using profile::StepOutcome;

namespace {

constexpr const char* kDriftFlag = "DRIFT";

/// The candidates of a board by (deployment, model): the attempt that counts, and how many there
/// were.
class Candidates {
 public:
  explicit Candidates(const BoardProgress& board) {
    const auto outcomes = board.outcomes();
    const auto counts = profile::final_attempts(board.steps, outcomes);
    for (size_t i = 0; i < board.steps.size(); ++i) {
      const auto& step = board.steps[i];
      if (step.kind != StepKind::kCandidate) continue;
      auto& entry = entries_[{step.deployment, step.model}];
      entry.step = counts[i];
      entry.attempts += i < outcomes.size() ? 1 : 0;
    }
  }
  struct Entry {
    size_t step = 0;
    int64_t attempts = 0;
  };
  Entry of(const std::string& deployment, const std::string& model) const {
    return entries_.at({deployment, model});
  }

 private:
  std::map<std::pair<std::string, std::string>, Entry> entries_;
};

/// The batch of every step.
std::vector<std::optional<size_t>> batches_of_steps(const std::vector<profile::Batch>& batches,
                                                    size_t steps) {
  std::vector<std::optional<size_t>> list(steps);
  for (size_t i = 0; i < batches.size(); ++i)
    for (size_t step = batches[i].first; step < batches[i].end; ++step) list[step] = i;
  return list;
}

void add_repeats(const BoardProgress& board, BoardResults& results) {
  std::vector<double> log_ratios;
  for (const auto& pair : profile::repeat_pairs(board.steps, board.latencies())) {
    const auto& step = board.steps[pair.repeat];
    results.repeats.push_back({pair, step.model, step.deployment});
    log_ratios.push_back(pair.log_ratio);
  }
  // Latencies are positive and finite by record_outcome(), so the ratios can be compared.
  if (auto judged = profile::reproducibility(log_ratios)) results.reproducibility = *judged;
}

}  // namespace

std::string CampaignResult::state() const {
  if (settled == nullptr) return "pending";
  if (settled->outcome == StepOutcome::kUsable) return "measured";
  return settled->outcome == StepOutcome::kInvalid ? "INVALID" : "failed";
}

BoardResults judge_board(const CampaignState& state, const BoardProgress& board) {
  const auto latencies = board.latencies();
  BoardResults results{
      .board = &board,
      .pairs = {},
      .sentinels = profile::sentinel_drifts(board.steps, latencies),
      .batches = profile::judge_batches(board.steps, latencies, board.settled.size()),
      .repeats = {},
      .reproducibility = {}};
  const Candidates candidates(board);
  const auto batches = batches_of_steps(results.batches, board.steps.size());
  for (const auto& deployment : board.campaign.deployments) {
    for (const auto& model : state.created.at("models")) {
      const auto entry = candidates.of(deployment, model.at("model").get<std::string>());
      CampaignResult result{.model = &model,
                            .deployment = deployment,
                            .step = entry.step,
                            .attempts = entry.attempts,
                            .batch = batches[entry.step]};
      if (entry.step < board.settled.size()) result.settled = &board.settled[entry.step];
      result.drifted =
          result.batch && results.batches[*result.batch].state == profile::BatchState::kDrift;
      results.pairs.push_back(std::move(result));
    }
  }
  add_repeats(board, results);
  return results;
}

std::vector<BoardResults> judge_campaign(const CampaignState& state) {
  std::vector<BoardResults> list;
  list.reserve(state.boards.size());
  for (const auto& board : state.boards) list.push_back(judge_board(state, board));
  return list;
}

std::vector<std::string> record_flags(const Json& record) {
  std::vector<std::string> flags;
  if (!record.is_object() || !record.contains("flags") || !record.at("flags").is_array())
    return flags;
  for (const auto& flag : record.at("flags"))
    if (flag.is_string()) flags.push_back(flag.get<std::string>());
  return flags;
}

Json marked_record(const CampaignResult& result) {
  Json record = result.settled->record;
  if (!result.drifted) return record;
  auto flags = record_flags(record);
  flags.emplace_back(kDriftFlag);
  record["flags"] = flags;
  if (record.value("verdict", std::string()) == "VALID") record["verdict"] = "FLAGGED";
  return record;
}

namespace {

/// As measured, with what the campaign knows of it.
Json projected_record(const BoardResults& board, const CampaignResult& result) {
  Json record = result.settled->record;
  const auto sha256 = record.value("/raw/sha256"_json_pointer, std::string());
  if (store::is_sha256(sha256))
    record["raw"]["path"] = fmt::format("artifacts/{}/{}", sha256.substr(0, 2), sha256.substr(2));
  Json campaign = {{"step", result.step}};
  if (result.batch) {
    campaign["batch"] = *result.batch + 1;
    campaign["state"] = profile::batch_name(board.batches[*result.batch].state);
  }
  campaign["drift"] = result.drifted;
  record["provenance"]["campaign"] = std::move(campaign);
  return record;
}

}  // namespace

std::string measurements_jsonl(const CampaignState& state) {
  std::string text = base::dump_json(Json{{"format", device::kMeasurementsFormat}}) + "\n";
  for (const auto& board : judge_campaign(state)) {
    for (const auto& result : board.pairs) {
      if (result.settled == nullptr || !record_latency(result.settled->record)) continue;
      text += base::dump_json(Json{{"spec", result.model->at("spec")},
                                   {"record", projected_record(board, result)}}) +
              "\n";
    }
  }
  return text;
}

}  // namespace edgetran::service
