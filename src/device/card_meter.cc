#include "device/card_meter.h"

#include <utility>

#include "device/card_agent.h"
#include "device/known_sensors.h"

namespace edgetran::device {

namespace {

using base::ConfigMap;
using base::ConfigValue;

/// What is slower says nothing of a measurement; as the agent sees it (profile/measure_request.cc).
constexpr double kFastest_s = 1e-4, kSlowest_s = 60;

base::Result<Meter> read_log_meter(const ConfigValue& value, ConfigMap& map) {
  Meter meter{.declaration = value.to_json()};
  EDGETRAN_ASSIGN(const auto update, map.require("update_s"));
  EDGETRAN_ASSIGN(meter.update_s, update.as_number(kFastest_s, kSlowest_s));
  EDGETRAN_ASSIGN(meter.log, profile::read_power_log_source(map));
  EDGETRAN_TRY(map.finish());
  return meter;
}

base::Result<Meter> read_meter(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_ASSIGN(const auto driver, map.require("driver"));
  std::vector<std::string> names = {"csv"};
  for (const KnownSensor& sensor : known_sensors()) {
    if (!sensor.keys.empty()) names.push_back(sensor.name);
  }
  EDGETRAN_ASSIGN(const std::string name, driver.as_choice(names));
  if (name == "csv") return read_log_meter(value, map);
  EDGETRAN_ASSIGN(base::Json sensor, read_sensor(value));
  return Meter{.declaration = std::move(sensor)};
}

}  // namespace

base::Result<std::vector<Meter>> read_meters(const ConfigValue& value) {
  EDGETRAN_ASSIGN(const auto list, value.as_list());
  std::vector<Meter> meters;
  for (const ConfigValue& item : list) {
    EDGETRAN_ASSIGN(Meter meter, read_meter(item));
    meters.push_back(std::move(meter));
  }
  return meters;
}

base::Json meters_json(const std::vector<Meter>& meters) {
  base::Json list = base::Json::array();
  for (const Meter& meter : meters) list.push_back(meter.declaration);
  return list;
}

}  // namespace edgetran::device
