#include "profile/power_plan.h"

#include <algorithm>
#include <set>
#include <utility>

namespace edgetran::profile {

namespace {

/// Whether two sensors say of themselves that they measure the same.
bool same_rail(const SensorInfo& a, const SensorInfo& b) {
  return a.boundary == b.boundary && a.domain == b.domain && a.kind != b.kind;
}

size_t place_of(const std::vector<size_t>& sensors, size_t sensor) {
  return static_cast<size_t>(std::ranges::lower_bound(sensors, sensor) - sensors.begin());
}

}  // namespace

base::Result<PowerPlan> modelled_plan(Runtime& runtime, const RunSettings& settings) {
  PowerPlan plan;
  auto recorders = runtime.power_recorders(settings);
  std::vector<SensorInfo> infos;
  infos.reserve(recorders.size());
  for (const auto& recorder : recorders) infos.push_back(recorder->info());
  ChosenSensors chosen = choose_sensors(infos, power_domains(infos, {}));
  for (const size_t sensor : chosen.sensors) {
    EDGETRAN_TRY(recorders[sensor]->calibrate().map([](const auto&) {}));
    plan.recorders.push_back(std::move(recorders[sensor]));
  }
  plan.totals = std::move(chosen.totals);
  plan.pairs = std::move(chosen.pairs);
  return plan;
}

std::string sensor_name(const SensorInfo& info) { return info.driver + "/" + info.channel; }

ChosenSensors choose_sensors(const std::vector<SensorInfo>& infos, const PowerDomains& domains) {
  std::set<size_t> parts, chosen;
  for (const PowerTotal& total : domains.totals) {
    parts.insert(total.sensors.begin(), total.sensors.end());
  }
  chosen = parts;
  std::vector<SensorPair> pairs;
  for (const LeftOutSensor& left : domains.left_out) {
    if (!left.counts) continue;
    for (const size_t part : parts) {
      if (!same_rail(infos[part], infos[left.sensor])) continue;
      chosen.insert(left.sensor);
      const bool counter = infos[part].kind == SensorKind::kCounter;
      pairs.push_back({counter ? part : left.sensor, counter ? left.sensor : part});
      break;
    }
  }
  ChosenSensors result{.sensors = {chosen.begin(), chosen.end()},
                       .totals = domains.totals,
                       .pairs = std::move(pairs)};
  for (PowerTotal& total : result.totals) {
    for (size_t& sensor : total.sensors) sensor = place_of(result.sensors, sensor);
  }
  for (SensorPair& pair : result.pairs) {
    pair.counter = place_of(result.sensors, pair.counter);
    pair.gauge = place_of(result.sensors, pair.gauge);
  }
  return result;
}

}  // namespace edgetran::profile
