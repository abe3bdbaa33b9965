#include "report/evaluations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "report/quality.h"

namespace edgetran::report {

namespace {

constexpr double kZ = 1.959963984540054;  // 97.5 % quantile of the standard normal

std::optional<double> find(const store::Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  if (found == metrics.end() || !std::isfinite(found->second)) return std::nullopt;
  return found->second;
}

std::string text_member(const base::Json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A kind that is not known is not passed off as measured.
std::string kind_of(const base::Json& record) {
  const std::string kind = text_member(record, "kind");
  return kind == "measured" || kind == "replayed" ? kind : "modelled";
}

std::vector<std::string> flags_of(const base::Json& record) {
  std::vector<std::string> flags;
  if (!record.is_object() || !record.contains("flags")) return flags;
  for (const base::Json& flag : record["flags"])
    flags.push_back(flag.is_string() ? flag.get<std::string>() : base::dump_json(flag));
  return flags;
}

Figure quality_of(const store::TrialView& trial, const std::string& name) {
  const store::RungView* rung = store::last_rung(trial);
  if (rung == nullptr) return {};
  const auto value = find(rung->metrics, name);
  if (!value) return {};
  const auto rows = find(rung->metrics, "rows");
  if (name == "accuracy" && rows && *rows > 0) return wilson_interval(*value, *rows);
  if (name == "pearson" && rows) return fisher_interval(*value, *rows);
  return {value, find(rung->metrics, name + "_low"), find(rung->metrics, name + "_high")};
}

/// Fastest first, of equally fast ones the better first: one is on the front where it is better
/// than all before it. Equal pairs are on it together.
void mark_front(std::vector<Evaluation>& evaluations, std::string_view kind) {
  std::vector<Evaluation*> order;
  for (Evaluation& one : evaluations)
    if (one.kind == kind && one.complete && one.quality.value && one.latency_s.value)
      order.push_back(&one);
  std::stable_sort(order.begin(), order.end(), [](const Evaluation* a, const Evaluation* b) {
    if (*a->latency_s.value != *b->latency_s.value)
      return *a->latency_s.value < *b->latency_s.value;
    return *a->quality.value > *b->quality.value;
  });
  double best = -std::numeric_limits<double>::infinity();
  double latency_of_best = 0;
  for (Evaluation* one : order) {
    const bool twin = *one->quality.value == best && *one->latency_s.value == latency_of_best;
    one->front = *one->quality.value > best || twin;
    if (!one->front) continue;
    best = *one->quality.value;
    latency_of_best = *one->latency_s.value;
  }
}

}  // namespace

Figure wilson_interval(double share, double rows) {
  const double shrink = 1 + kZ * kZ / rows;
  const double centre = (share + kZ * kZ / (2 * rows)) / shrink;
  const double half =
      kZ / shrink * std::sqrt(share * (1 - share) / rows + kZ * kZ / (4 * rows * rows));
  return {share, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Figure fisher_interval(double correlation, double rows) {
  if (!(rows > 3)) return {correlation, std::nullopt, std::nullopt};
  // At -1 and 1 atanh is infinite and tanh comes back from there: the interval is the point.
  const double centre = std::atanh(std::clamp(correlation, -1.0, 1.0));
  const double half = kZ / std::sqrt(rows - 3);
  return {correlation, std::tanh(centre - half), std::tanh(centre + half)};
}

std::vector<Evaluation> evaluations_of(const store::StudyView& study) {
  const std::string quality = study_quality(study).name;
  std::vector<Evaluation> evaluations;
  for (size_t t = 0; t < study.trials.size(); ++t) {
    const store::TrialView& trial = study.trials[t];
    for (size_t d = 0; d < study.devices.size(); ++d) {
      const store::MeasurementView* measured =
          store::find_measurement(trial, study.devices[d].name);
      if (measured == nullptr) continue;
      const store::Metrics metrics = store::record_metrics(measured->record);
      Evaluation one;
      one.trial = t;
      one.device = d;
      one.kind = kind_of(measured->record);
      one.quality = quality_of(trial, quality);
      one.latency_s = {find(metrics, "latency_s"), find(metrics, "latency_low_s"),
                       find(metrics, "latency_high_s")};
      one.energy_j = find(metrics, "energy_j");
      one.peak_power_w = find(metrics, "peak_power_w");
      one.memory_bytes = find(metrics, "memory_bytes");
      one.flags = flags_of(measured->record);
      one.complete = trial.state == "complete";
      evaluations.push_back(std::move(one));
    }
  }
  for (const std::string_view kind : {"measured", "replayed", "modelled"})
    mark_front(evaluations, kind);
  return evaluations;
}

std::optional<size_t> recommended_of(const store::StudyView& study,
                                     const std::vector<Evaluation>& evaluations) {
  if (!study.result.is_object() || !study.result.contains("recommended")) return std::nullopt;
  const base::Json& pair = study.result["recommended"];
  const std::string device = text_member(pair, "device");
  if (!pair.is_object() || !pair.contains("trial") || !pair["trial"].is_number_integer())
    return std::nullopt;
  const int64_t trial = pair["trial"].get<int64_t>();
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const Evaluation& one = evaluations[i];
    if (study.trials[one.trial].trial == trial && study.devices[one.device].name == device)
      return i;
  }
  return std::nullopt;
}

}  // namespace edgetran::report
