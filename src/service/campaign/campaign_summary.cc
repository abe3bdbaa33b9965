// A campaign for people: how far it is, what its verdicts are, how far they can be trusted.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/units.h"
#include "service/campaign/campaign_estimate.h"
#include "service/campaign/campaign_models.h"
#include "service/campaign/campaign_tables.h"

namespace edgetran::service {

using base::Json;

namespace {

/// Pairs by what became of them: "VALID", "FLAGGED", "INVALID", "failed", "pending".
std::map<std::string, int64_t> count_pairs(const BoardResults& board) {
  std::map<std::string, int64_t> counts = {
      {"VALID", 0}, {"FLAGGED", 0}, {"INVALID", 0}, {"failed", 0}, {"pending", 0}};
  for (const auto& result : board.pairs) {
    const auto state = result.state();
    ++counts[state == "measured" ? marked_record(result).value("verdict", std::string("FLAGGED"))
                                 : state];
  }
  return counts;
}

/// Batches by state.
std::map<std::string, int64_t> count_batches(const BoardResults& board) {
  std::map<std::string, int64_t> counts;
  for (const auto& batch : board.batches) ++counts[std::string(profile::batch_name(batch.state))];
  return counts;
}

/// Of the pairs that were settled.
double valid_share(const std::map<std::string, int64_t>& counts) {
  int64_t settled = 0;
  for (const auto& [name, count] : counts) settled += name == "pending" ? 0 : count;
  return settled == 0 ? 0 : static_cast<double>(counts.at("VALID")) / static_cast<double>(settled);
}

Json interval_json(const std::optional<profile::Interval>& interval) {
  if (!interval) return nullptr;
  return {{"low", interval->low}, {"high", interval->high}};
}

Json reproducibility_json(const profile::Reproducibility& found) {
  return {{"pairs", found.shift.pairs},
          {"spread", found.shift.pairs == 0 ? Json(nullptr) : Json(found.spread)},
          {"spread_interval", interval_json(found.interval)},
          {"shift_ratio", found.shift.ratio},
          {"shift_interval", interval_json(found.shift.interval)},
          {"shift", profile::comparison_name(found.shift.verdict)},
          {"margin", found.shift.margin}};
}

Json board_json(const BoardResults& board) {
  const auto counts = count_pairs(board);
  return {{"board", board.board->campaign.board},
          {"settled", board.board->settled.size()},
          {"planned", board.board->steps.size()},
          {"pairs", counts},
          {"valid_share", valid_share(counts)},
          {"batches", count_batches(board)},
          {"drift_limit", profile::kDriftLimit},
          {"reproducibility", reproducibility_json(board.reproducibility)},
          {"remaining_s", remaining_s(*board.board)}};
}

std::string counted(const std::map<std::string, int64_t>& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts)
    if (count > 0) parts.push_back(fmt::format("{} {}", count, name));
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string signed_percent(double ratio) { return fmt::format("{:+.2f} %", 100 * (ratio - 1)); }

std::string repeats_text(const profile::Reproducibility& found) {
  if (found.shift.pairs == 0) return "no repeat was measured yet";
  auto text = fmt::format("one measurement scatters by {:.2f} %", 100 * found.spread);
  if (found.interval)
    text += fmt::format(" (95 % {:.2f} to {:.2f} %)", 100 * found.interval->low,
                        100 * found.interval->high);
  text += fmt::format(" from {} repeat{}; shift {}", found.shift.pairs,
                      found.shift.pairs == 1 ? "" : "s", signed_percent(found.shift.ratio));
  if (found.shift.interval)
    text += fmt::format(" (95 % {} to {})", signed_percent(found.shift.interval->low),
                        signed_percent(found.shift.interval->high));
  return text + fmt::format(": {} within {:.0f} %", profile::comparison_name(found.shift.verdict),
                            100 * found.shift.margin);
}

std::string board_text(const BoardResults& board) {
  const auto counts = count_pairs(board);
  const auto& campaign = board.board->campaign;
  std::string text = fmt::format(
      "\nboard        {} ({})\n"
      "  steps      {} of {} done\n"
      "  pairs      {}; {} of the settled ones VALID\n"
      "  batches    {} (a sentinel beyond {:.0f} % marks its batches; {} on {})\n"
      "  repeats    {}\n",
      campaign.board, fmt::join(campaign.deployments, ", "), board.board->settled.size(),
      board.board->steps.size(), counted(counts), base::format_percent(valid_share(counts)),
      counted(count_batches(board)), 100 * profile::kDriftLimit, shown_id(campaign.sentinel_model),
      campaign.sentinel_deployment, repeats_text(board.reproducibility));
  const double left_s = remaining_s(*board.board);
  if (left_s > 0) text += fmt::format("  left       about {}\n", base::format_seconds(left_s));
  for (size_t i = 0; i < board.batches.size(); ++i)
    if (board.batches[i].state == profile::BatchState::kDrift)
      text += fmt::format("  DRIFT      batch {}, steps {} to {}: {} from sentinel to sentinel\n",
                          i + 1, board.batches[i].first, board.batches[i].end - 1,
                          signed_percent(board.batches[i].change));
  return text;
}

std::string cell(const Json& row, const char* key) {
  if (!row.contains(key)) return "";
  const Json& value = row.at(key);
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? base::format_seconds(value.get<double>()) : value.dump();
}

std::string rows_text(const Json& rows, int64_t most_rows) {
  const size_t count =
      most_rows == 0 ? rows.size() : std::min(rows.size(), static_cast<size_t>(most_rows));
  std::vector<std::array<std::string, 8>> lines = {
      {"board", "deployment", "model", "verdict", "latency", "95 % low", "high", "flags, reason"}};
  for (size_t i = 0; i < count; ++i) {
    const Json& row = rows[i];
    const auto state = cell(row, "state");
    const auto flags = cell(row, "flags");
    const auto reason = cell(row, "reason");
    lines.push_back({cell(row, "board"), cell(row, "deployment"), shown_id(cell(row, "model")),
                     state == "measured" ? cell(row, "verdict") : state, cell(row, "latency_s"),
                     cell(row, "latency_low_s"), cell(row, "latency_high_s"),
                     reason.empty() ? flags : reason});
  }
  std::array<size_t, 8> widths = {};
  for (const auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text = "\n";
  for (const auto& line : lines) {
    std::string shown;
    for (size_t i = 0; i < line.size(); ++i) shown += fmt::format("{:<{}}  ", line[i], widths[i]);
    text += shown.substr(0, shown.find_last_not_of(' ') + 1) + "\n";
  }
  if (count < rows.size())
    text += fmt::format("... {} more: --rows 0 shows all, --format csv has every figure\n",
                        rows.size() - count);
  return text;
}

std::string flags_text(const std::vector<BoardResults>& boards) {
  std::set<std::string> flags;
  for (const auto& board : boards)
    for (const auto& result : board.pairs)
      if (result.settled != nullptr && !result.settled->record.is_null())
        for (auto& flag : record_flags(marked_record(result))) flags.insert(std::move(flag));
  std::string text = flags.empty() ? "" : "\n";
  for (const auto& flag : flags) text += fmt::format("{:<16} {}\n", flag, flag_meaning(flag));
  return text;
}

}  // namespace

Json summary_json(const CampaignState& state, const std::vector<BoardResults>& boards) {
  Json json = {
      {"format", state.created.at("format")}, {"profile", state.created.at("profile")},
      {"seed", state.created.at("seed")},     {"models", state.created.at("models").size()},
      {"settled", state.settled()},           {"planned", state.planned()},
      {"finished", state.finished()},         {"boards", Json::array()}};
  for (const auto& board : boards) json["boards"].push_back(board_json(board));
  return json;
}

std::string summary_text(const CampaignState& state, const std::vector<BoardResults>& boards) {
  std::string text =
      fmt::format("campaign     {} encoders, profile {}, seed {}\nsteps        {} of {} done{}\n",
                  state.created.at("models").size(), state.created.at("profile").get<std::string>(),
                  state.created.at("seed").dump(), state.settled(), state.planned(),
                  state.finished() ? ", finished" : "");
  for (const auto& board : boards) text += board_text(board);
  return text;
}

std::string overview_text(const CampaignState& state, const std::vector<BoardResults>& boards,
                          const Json& rows, int64_t most_rows) {
  return summary_text(state, boards) + rows_text(rows, most_rows) + flags_text(boards);
}

}  // namespace edgetran::service
