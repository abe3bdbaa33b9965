#include "store/study_view.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace edgetran::store {
namespace {

struct Figure {
  const char* name;
  const char* group;
  const char* member;
};

// Names of a record's figures and where `edgetran measure` puts them (experience.md).
constexpr std::array<Figure, 8> kFigures = {{
    {"latency_s", "latency", "median_s"},
    {"latency_low_s", "latency", "low_s"},
    {"latency_high_s", "latency", "high_s"},
    {"energy_j", "energy", "net_j"},
    {"energy_low_j", "energy", "low_j"},
    {"energy_high_j", "energy", "high_j"},
    {"memory_bytes", "memory", "peak_rss_bytes"},
    {"model_bytes", "memory", "model_bytes"},
}};

const base::Json* member(const base::Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

/// The largest of power.peak_w, which lists a peak a bandwidth; a plain number is taken too.
std::optional<double> peak_power_w(const base::Json& record) {
  const base::Json* power = member(record, "power");
  const base::Json* peaks = power == nullptr ? nullptr : member(*power, "peak_w");
  if (peaks == nullptr) return std::nullopt;
  if (peaks->is_number()) return peaks->get<double>();
  std::optional<double> largest;
  if (!peaks->is_array()) return largest;
  for (const base::Json& peak : *peaks) {
    const base::Json* value = member(peak, "value_w");
    if (value == nullptr || !value->is_number()) continue;
    largest = std::max(largest.value_or(0), value->get<double>());
  }
  return largest;
}

}  // namespace

std::vector<std::string> hardware_metric_names() {
  std::vector<std::string> names = {"parameters", "flops"};
  for (const Figure& figure : kFigures) names.emplace_back(figure.name);
  names.emplace_back("peak_power_w");
  return names;
}

Metrics record_metrics(const base::Json& record) {
  Metrics metrics;
  for (const Figure& figure : kFigures) {
    const base::Json* group = member(record, figure.group);
    const base::Json* value = group == nullptr ? nullptr : member(*group, figure.member);
    if (value != nullptr && value->is_number()) metrics[figure.name] = value->get<double>();
  }
  if (const auto peak = peak_power_w(record)) metrics["peak_power_w"] = *peak;
  return metrics;
}

const RungView* last_rung(const TrialView& trial) {
  return trial.rungs.empty() ? nullptr : &trial.rungs.back();
}

const MeasurementView* find_measurement(const TrialView& trial, const std::string& device) {
  const auto it = std::ranges::find(trial.measurements, device, &MeasurementView::device);
  return it == trial.measurements.end() ? nullptr : &*it;
}

Metrics pair_metrics(const TrialView& trial, const std::string& device) {
  Metrics metrics = {{"parameters", static_cast<double>(trial.parameters)},
                     {"flops", static_cast<double>(trial.flops)}};
  if (const RungView* rung = last_rung(trial)) {
    for (const auto& [name, value] : rung->metrics) metrics[name] = value;
  }
  if (const MeasurementView* measured = find_measurement(trial, device)) {
    for (const auto& [name, value] : record_metrics(measured->record)) metrics[name] = value;
  }
  return metrics;
}

}  // namespace edgetran::store
