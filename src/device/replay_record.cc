#include "device/replay_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/version.h"

namespace edgetran::device {

namespace {

using base::Json;

constexpr const char* kFormat = "edgetran.measurement/2";

Json provenance_json(const Deployment& deployment) {
  return {{"program", "edgetran"},         {"version", base::kVersion},
          {"runtime", deployment.runtime}, {"precision", deployment.precision},
          {"threads", deployment.threads}, {"batch", deployment.batch},
          {"length", deployment.length}};
}

Json table_json(const ReplayTable& table, const ReplayRow& row) {
  return {{"file", table.file()},
          {"sha256", table.sha256()},
          {"row", row.name},
          {"spec_hash", row.hash}};
}

Json raw_json(const std::string& raw) {
  return {{"path", nullptr}, {"sha256", base::sha256_hex(raw)}, {"bytes", raw.size()}};
}

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json energy_json(const std::optional<double>& gross_j, const std::optional<double>& low_j,
                 const std::optional<double>& high_j, profile::Boundary boundary) {
  if (!gross_j) return nullptr;
  return {{"gross_j", *gross_j},
          {"net_j", nullptr},
          {"low_j", number_or_null(low_j)},
          {"high_j", number_or_null(high_j)},
          {"boundary", profile::boundary_name(boundary)},
          {"uncertainty", nullptr}};
}

Json head(const char* kind, const Card& card, const Deployment& deployment) {
  return {{"format", kFormat},
          {"kind", kind},
          {"profile", kind},
          {"device", card.board.name},
          {"deployment", deployment.name}};
}

Json published_power(const ReplayRow& row) {
  if (!row.energy_j && !row.peak_w) return nullptr;
  Json power = {{"mean_w", nullptr}, {"idle_w", nullptr}, {"peak_w", Json::array()}};
  if (row.energy_j) power["mean_w"] = *row.energy_j / row.latency_s;
  if (row.peak_w) power["peak_w"].push_back({{"bandwidth_s", nullptr}, {"value_w", *row.peak_w}});
  return power;
}

bool below_peak(const ReplayRow& row) {
  return !row.energy_j || !row.peak_w || *row.energy_j / row.latency_s <= *row.peak_w;
}

bool is_prediction(const Prediction& prediction) {
  const auto interval = [](double low, double value, double high) {
    return std::isfinite(low) && std::isfinite(high) && low > 0 && low <= value && value <= high;
  };
  if (!interval(prediction.latency_low_s, prediction.latency_s, prediction.latency_high_s)) {
    return false;
  }
  if (!prediction.energy_j) return true;
  const double energy_j = *prediction.energy_j;
  return interval(prediction.energy_low_j.value_or(energy_j), energy_j,
                  prediction.energy_high_j.value_or(energy_j));
}

}  // namespace

Measurement published_record(const ReplayTable& table, const ReplayRow& row, const Card& card,
                             const Deployment& deployment) {
  const auto batch = static_cast<double>(deployment.batch);
  const bool possible = below_peak(row);
  std::optional<double> energy_j;
  if (row.energy_j) energy_j = *row.energy_j * batch;
  Json flags = {"NO_INTERVAL"};
  if (!possible) flags.push_back("IMPOSSIBLE");
  Json provenance = provenance_json(deployment);
  provenance["table"] = table_json(table, row);
  if (table.runs()) provenance["table"]["runs"] = *table.runs();
  // Which statistic, and that the harness is in it, is the publication's doing: said, not mended.
  provenance["table"]["note"] =
      "published per sequence, as the authors' harness measured it, its overhead included; here "
      "times the batch";
  Measurement measurement;
  measurement.raw = row.text + "\n";
  Json& record = measurement.record = head("replayed", card, deployment);
  record["latency"] = {{"median_s", row.latency_s * batch},
                       {"low_s", nullptr},
                       {"high_s", nullptr},
                       {"p90_s", nullptr},
                       {"p99_s", nullptr},
                       {"statistic", "mean"}};
  record["energy"] = energy_json(energy_j, {}, {}, card.board.replay.boundary);
  record["power"] = published_power(row);
  record["reason"] = row.energy_j ? "the table has one figure a model: no interval, no idle power"
                                  : "the table has no energy";
  record["memory"] = {{"peak_rss_bytes", nullptr}, {"model_bytes", nullptr}};
  record["flags"] = std::move(flags);
  record["verdict"] = possible ? "FLAGGED" : "INVALID";
  record["raw"] = raw_json(measurement.raw);
  record["provenance"] = std::move(provenance);
  return measurement;
}

Measurement measurements_record(const ReplayTable& table, const std::vector<const ReplayRow*>& rows,
                                const Card& card, const Deployment& deployment) {
  std::vector<const ReplayRow*> ordered = rows;
  std::stable_sort(ordered.begin(), ordered.end(), [](const ReplayRow* a, const ReplayRow* b) {
    return a->median_s < b->median_s;
  });
  const ReplayRow& row = *ordered[(ordered.size() - 1) / 2];
  Measurement measurement;
  measurement.raw = row.text + "\n";
  Json& record = measurement.record = row.record;
  Json source = table_json(table, row);
  source["rows"] = rows.size();
  source["device"] = row.device;
  source["deployment"] = row.setting.name;
  source["kind"] = record.at("kind");
  source["raw"] = record.value("raw", Json());
  if (record.at("kind") == "measured") record["kind"] = "replayed";
  record["device"] = card.board.name;
  record["deployment"] = deployment.name;
  record["raw"] = raw_json(measurement.raw);
  record["provenance"]["table"] = std::move(source);
  return measurement;
}

base::Result<Measurement> predicted_record(const Prediction& prediction, const std::string& name,
                                           const Card& card, const Deployment& deployment) {
  if (!is_prediction(prediction)) {
    return base::fail(
        base::ErrorCategory::kFailed,
        fmt::format("the predictor \"{}\" answers {} s in [{}, {}]", name, prediction.latency_s,
                    prediction.latency_low_s, prediction.latency_high_s),
        "an answer is finite, more than 0 and inside its interval");
  }
  Measurement measurement;
  Json& record = measurement.record = head("modelled", card, deployment);
  record["latency"] = {{"median_s", prediction.latency_s},
                       {"low_s", prediction.latency_low_s},
                       {"high_s", prediction.latency_high_s},
                       {"p90_s", nullptr},
                       {"p99_s", nullptr}};
  record["energy"] = energy_json(prediction.energy_j, prediction.energy_low_j,
                                 prediction.energy_high_j, profile::Boundary::kEstimate);
  record["power"] = nullptr;
  record["reason"] = "a predictor answered: nothing was measured";
  record["memory"] = {{"peak_rss_bytes", nullptr}, {"model_bytes", nullptr}};
  record["flags"] = Json::array();
  record["verdict"] = "VALID";
  Json provenance = provenance_json(deployment);
  provenance["predictor"] = name;
  measurement.raw =
      base::dump_json(
          {{"predictor", name}, {"latency", record["latency"]}, {"energy", record["energy"]}}) +
      "\n";
  record["raw"] = raw_json(measurement.raw);
  record["provenance"] = std::move(provenance);
  return measurement;
}

}  // namespace edgetran::device
