#include "service/campaign/campaign_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/config.h"
#include "store/study_view.h"

namespace edgetran::service {

using base::Json;
using base::Result;

namespace {

const std::vector<Column>& measurement_columns() {
  static const std::vector<Column> kColumns = {
      {"board", "board", Shown::kPlain},           {"deployment", "deployment", Shown::kPlain},
      {"model", "model", Shown::kPlain},           {"state", "state", Shown::kPlain},
      {"verdict", "verdict", Shown::kPlain},       {"kind", "kind", Shown::kPlain},
      {"latency_s", "latency", Shown::kSeconds},   {"latency_low_s", "95 % low", Shown::kSeconds},
      {"latency_high_s", "high", Shown::kSeconds}, {"energy_j", "energy J", Shown::kNumber},
      {"peak_power_w", "peak W", Shown::kNumber},  {"memory_bytes", "memory", Shown::kBytes},
      {"parameters", "parameters", Shown::kCount}, {"batch", "batch", Shown::kCount},
      {"flags", "flags", Shown::kPlain},           {"reason", "reason", Shown::kPlain}};
  return kColumns;
}

const std::vector<Column>& batch_columns() {
  static const std::vector<Column> kColumns = {
      {"board", "board", Shown::kPlain},     {"batch", "batch", Shown::kCount},
      {"first_step", "from", Shown::kCount}, {"last_step", "to", Shown::kCount},
      {"state", "state", Shown::kPlain},     {"opening", "opening", Shown::kPlain},
      {"closing", "closing", Shown::kPlain}, {"change", "change", Shown::kPercent}};
  return kColumns;
}

const std::vector<Column>& sentinel_columns() {
  static const std::vector<Column> kColumns = {
      {"board", "board", Shown::kPlain},      {"step", "step", Shown::kCount},
      {"state", "state", Shown::kPlain},      {"latency_s", "latency", Shown::kSeconds},
      {"drift", "drift", Shown::kPercent},    {"drift_low", "95 % low", Shown::kPercent},
      {"drift_high", "high", Shown::kPercent}};
  return kColumns;
}

const std::vector<Column>& repeat_columns() {
  static const std::vector<Column> kColumns = {
      {"board", "board", Shown::kPlain},         {"deployment", "deployment", Shown::kPlain},
      {"model", "model", Shown::kPlain},         {"original_step", "first", Shown::kCount},
      {"repeat_step", "again", Shown::kCount},   {"original_s", "latency", Shown::kSeconds},
      {"repeat_s", "repeated", Shown::kSeconds}, {"difference", "difference", Shown::kPercent}};
  return kColumns;
}

Json measurement_row(const BoardResults& board, const CampaignResult& result) {
  Json row = {{"board", board.board->campaign.board},
              {"deployment", result.deployment},
              {"model", result.model->at("model")},
              {"state", result.state()},
              {"step", result.step},
              {"attempts", result.attempts}};
  if (result.batch) row["batch"] = *result.batch + 1;
  row["parameters"] = result.model->at("parameters");
  row["flops"] = result.model->at("flops");
  if (result.settled != nullptr && !result.settled->record.is_null()) {
    const Json record = marked_record(result);
    for (const char* key : {"kind", "verdict"})
      if (record.contains(key)) row[key] = record.at(key);
    for (const auto& [name, value] : store::record_metrics(record)) row[name] = value;
    row["flags"] = fmt::format("{}", fmt::join(record_flags(record), " "));
    row["raw_sha256"] = record.value("/raw/sha256"_json_pointer, std::string());
  }
  if (result.settled != nullptr && !result.settled->reason.empty())
    row["reason"] = result.settled->reason;
  row["spec"] = result.model->at("spec");
  return row;
}

Json measurement_rows(const std::vector<BoardResults>& boards) {
  Json rows = Json::array();
  for (const auto& board : boards)
    for (const auto& result : board.pairs) rows.push_back(measurement_row(board, result));
  return rows;
}

/// The name of a sentinel's state by its step; empty for one that is still to come.
std::string sentinel_state(const BoardResults& board, size_t step) {
  if (step >= board.board->settled.size()) return {};
  const auto known = std::ranges::find(board.sentinels, step, &profile::SentinelDrift::step);
  return known == board.sentinels.end() ? std::string()
                                        : std::string(profile::drift_name(known->state));
}

Json batch_rows(const std::vector<BoardResults>& boards) {
  Json rows = Json::array();
  for (const auto& board : boards) {
    for (size_t i = 0; i < board.batches.size(); ++i) {
      const auto& batch = board.batches[i];
      rows.push_back({{"board", board.board->campaign.board},
                      {"batch", i + 1},
                      {"first_step", batch.first},
                      {"last_step", batch.end - 1},
                      {"state", profile::batch_name(batch.state)},
                      {"opening", sentinel_state(board, batch.first - 1)},
                      {"closing", sentinel_state(board, batch.end)},
                      {"change", batch.change - 1}});
    }
  }
  return rows;
}

Json sentinel_rows(const std::vector<BoardResults>& boards) {
  Json rows = Json::array();
  for (const auto& board : boards) {
    const auto latencies = board.board->latencies();
    for (const auto& sentinel : board.sentinels) {
      if (sentinel.step >= latencies.size()) continue;
      Json row = {{"board", board.board->campaign.board},
                  {"step", sentinel.step},
                  {"state", profile::drift_name(sentinel.state)}};
      if (const auto& latency = latencies[sentinel.step]) {
        row["latency_s"] = latency->median_s;
        row["drift"] = sentinel.ratio - 1;
        row["drift_low"] = sentinel.interval.low - 1;
        row["drift_high"] = sentinel.interval.high - 1;
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

Json repeat_rows(const std::vector<BoardResults>& boards) {
  Json rows = Json::array();
  for (const auto& board : boards) {
    const auto latencies = board.board->latencies();
    for (const auto& repeat : board.repeats)
      rows.push_back({{"board", board.board->campaign.board},
                      {"deployment", repeat.deployment},
                      {"model", repeat.model},
                      {"original_step", repeat.pair.original},
                      {"repeat_step", repeat.pair.repeat},
                      {"original_s", latencies[repeat.pair.original]->median_s},
                      {"repeat_s", latencies[repeat.pair.repeat]->median_s},
                      {"difference", std::expm1(repeat.pair.log_ratio)}});
  }
  return rows;
}

/// Sorts by a column; numbers before texts before what is missing, equal ones keep their order.
base::Status sort_rows(Json& rows, const std::vector<Column>& columns, const std::string& wanted) {
  if (wanted.empty()) return {};
  const bool descending = wanted.starts_with('-');
  const std::string key = wanted.substr(descending ? 1 : 0);
  std::vector<std::string> known;
  known.reserve(columns.size());
  for (const auto& column : columns) known.push_back(column.key);
  if (std::ranges::find(known, key) == known.end()) {
    const auto nearest = base::nearest_name(key, known);
    return base::fail(base::ErrorCategory::kUsage,
                      fmt::format("there is no column '{}' to sort by; there are: {}", key,
                                  fmt::join(known, ", ")),
                      nearest ? fmt::format("did you mean '{}'?", *nearest) : "");
  }
  const auto rank = [&](const Json& row) {
    return !row.contains(key) ? 2 : (row.at(key).is_number() ? 0 : 1);
  };
  std::vector<Json> sorted(rows.begin(), rows.end());
  std::ranges::stable_sort(sorted, [&](const Json& a, const Json& b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    if (rank(a) == 2) return false;
    return descending ? b.at(key) < a.at(key) : a.at(key) < b.at(key);
  });
  rows = Json(std::move(sorted));
  return {};
}

}  // namespace

const std::vector<std::string>& shown_parts() {
  static const std::vector<std::string> kParts = {"measurements", "batches", "sentinels", "repeats",
                                                  "summary"};
  return kParts;
}

Result<Reply> campaign_reply(const CampaignState& state, const CampaignShown& shown) {
  const auto boards = judge_campaign(state);
  Reply reply;
  if (shown.show == "summary") {
    reply.data = summary_json(state, boards);
    reply.text = summary_text(state, boards);
    return reply;
  }
  if (shown.show == "batches") {
    reply.data = batch_rows(boards);
    reply.columns = batch_columns();
  } else if (shown.show == "sentinels") {
    reply.data = sentinel_rows(boards);
    reply.columns = sentinel_columns();
  } else if (shown.show == "repeats") {
    reply.data = repeat_rows(boards);
    reply.columns = repeat_columns();
  } else {
    reply.data = measurement_rows(boards);
    reply.columns = measurement_columns();
  }
  EDGETRAN_TRY(sort_rows(reply.data, reply.columns, shown.sort));
  if (shown.show == "measurements")
    reply.text = overview_text(state, boards, reply.data, shown.rows);
  return reply;
}

}  // namespace edgetran::service
