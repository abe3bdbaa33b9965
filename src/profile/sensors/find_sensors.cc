#include "profile/sensors/find_sensors.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/config.h"

namespace edgetran::profile::sensors {

namespace {

using base::ConfigMap;
using base::ConfigValue;

base::Result<const SensorDriver*> find_driver(const ConfigValue& name) {
  std::vector<std::string> names;
  const SensorDriver* found = nullptr;
  EDGETRAN_ASSIGN(const std::string wanted, name.as_string());
  for (const SensorDriver& driver : sensor_drivers()) {
    if (driver.name == wanted) found = &driver;
    if (driver.make != nullptr) names.emplace_back(driver.name);
  }
  if (found != nullptr && found->make != nullptr) return found;
  if (found != nullptr) {
    return base::fail(
        name.error(fmt::format("sensors of the driver \"{}\" are found and not declared", wanted),
                   "leave it out; edgetran doctor says what was found"));
  }
  const auto near = base::nearest_name(wanted, names);
  return base::fail(name.error(fmt::format("unknown driver \"{}\"; those that can be declared: {}",
                                           wanted, fmt::join(names, ", ")),
                               near ? fmt::format("did you mean \"{}\"?", *near) : ""));
}

}  // namespace

base::Result<std::unique_ptr<Sensor>> declared_sensor(const SensorHost& host,
                                                      const std::string& declaration) {
  EDGETRAN_ASSIGN(const ConfigValue value, ConfigValue::parse_yaml(declaration, "--sensor"));
  EDGETRAN_ASSIGN(ConfigMap settings, ConfigMap::of(value));
  EDGETRAN_ASSIGN(const ConfigValue name, settings.require("driver"));
  EDGETRAN_ASSIGN(const SensorDriver* driver, find_driver(name));
  auto sensor = driver->make(host, settings);
  // A key that nobody asked for explains a failure better than what came of it.
  EDGETRAN_TRY(settings.finish());
  return sensor;
}

FoundSensors find_sensors(const SensorHost& host, const std::vector<std::string>& declarations) {
  FoundSensors all;
  for (const std::string& declaration : declarations) {
    auto sensor = declared_sensor(host, declaration);
    if (sensor) {
      all.sensors.push_back(std::move(*sensor));
    } else {
      all.problems.push_back({.driver = "declared",
                              .source = declaration,
                              .category = sensor.error().category,
                              .message = sensor.error().message,
                              .fix = sensor.error().hint});
    }
  }
  for (const SensorDriver& driver : sensor_drivers()) {
    if (driver.find == nullptr) continue;
    FoundSensors found = driver.find(host);
    std::move(found.sensors.begin(), found.sensors.end(), std::back_inserter(all.sensors));
    std::move(found.problems.begin(), found.problems.end(), std::back_inserter(all.problems));
  }
  return all;
}

}  // namespace edgetran::profile::sensors
