#include "report/handover.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/units.h"

namespace edgetran::report {
namespace {

using base::Json;

std::optional<double> number(const Json& object, const std::string& key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_number()) return std::nullopt;
  return object[key].get<double>();
}

std::optional<double> metric(const store::Metrics& metrics, const std::string& key) {
  const auto found = metrics.find(key);
  return found == metrics.end() ? std::nullopt : std::optional<double>(found->second);
}

std::string text(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_string()) return {};
  return object[key].get<std::string>();
}

void add_files(const Json& files, std::vector<Fact>& facts) {
  if (const auto onnx = text(files, "onnx"); !onnx.empty()) {
    const auto bytes = number(files, "onnx_bytes");
    facts.emplace_back("ONNX file",
                       bytes ? fmt::format("{} ({})", onnx, base::format_bytes(*bytes)) : onnx);
  }
  if (const auto hash = text(files, "onnx_sha256"); !hash.empty())
    facts.emplace_back("its SHA-256", hash);
  if (const auto model = text(files, "model"); !model.empty())
    facts.emplace_back("model folder", model);
  if (const auto how = text(files, "description"); !how.empty())
    facts.emplace_back("how to run it", how);
}

void add_score(const store::Metrics& metrics, const Quality& quality, const std::string& scored_on,
               std::vector<Fact>& facts) {
  const auto score = metric(metrics, "test_" + quality.name);
  const auto rows = metric(metrics, "test_rows");
  if (score && rows)
    facts.emplace_back(quality.title + " on " + scored_on,
                       fmt::format("{}, {} rows", quality.text(*score),
                                   base::format_count(static_cast<int64_t>(*rows))));
  const auto latency = metric(metrics, "latency_s");
  const auto low = metric(metrics, "latency_low_s"), high = metric(metrics, "latency_high_s");
  if (latency && low && high)
    facts.emplace_back("latency with its weights",
                       fmt::format("{}, 95 % interval {} to {}", base::format_seconds(*latency),
                                   base::format_seconds(*low), base::format_seconds(*high)));
}

/// What an answer as in training is: the same class, or a score within the tolerance.
std::string agreement_text(const Json& parity, double rows, double agreement) {
  std::string text =
      fmt::format("{} rows, {} of the answers as in training",
                  base::format_count(static_cast<int64_t>(rows)), base::format_percent(agreement));
  const auto tolerance = number(parity, "tolerance"), range = number(parity, "score_range");
  if (!tolerance || !range || !(*range > 0)) return text;
  return fmt::format("{}, within {:.3g} ({} of the scores' range)", text, *tolerance,
                     base::format_percent(*tolerance / *range));
}

void add_parity(const Json& parity, const Quality& quality, std::vector<Fact>& facts) {
  if (const auto reason = text(parity, "reason"); !reason.empty())
    facts.emplace_back("not verified", reason);
  const auto rows = number(parity, "rows"), agreement = number(parity, "agreement");
  if (rows && agreement)
    facts.emplace_back("verified on the device", agreement_text(parity, *rows, *agreement));
  const auto deployed = number(parity, "deployed_" + quality.name);
  const auto trained = number(parity, "trained_" + quality.name);
  if (deployed && trained)
    facts.emplace_back(quality.title + " on these rows",
                       fmt::format("{} deployed, {} in training", quality.text(*deployed),
                                   quality.text(*trained)));
  const auto difference = number(parity, "max_abs_difference");
  if (!difference) return;
  if (const auto largest = number(parity, "largest_logit"))
    facts.emplace_back("largest difference of a logit",
                       fmt::format("{:.2g}, the largest logit is {:.3g}", *difference, *largest));
  if (const auto range = number(parity, "score_range"))
    facts.emplace_back("largest difference of a score",
                       fmt::format("{:.2g}, the scores' range is {:.3g}", *difference, *range));
}

}  // namespace

std::vector<Fact> handover_facts(const store::DeployedView& deployed, const Quality& quality,
                                 const std::string& rows) {
  std::vector<Fact> facts;
  add_files(deployed.files, facts);
  add_score(deployed.metrics, quality, rows, facts);
  add_parity(deployed.parity, quality, facts);
  if (!facts.empty()) return facts;
  facts = flatten(deployed.files);
  for (auto& fact : flatten(deployed.parity)) facts.push_back(std::move(fact));
  return facts;
}

}  // namespace edgetran::report
