#include "device/card_agent.h"

#include <fmt/format.h>

#include <algorithm>

#include "device/known_sensors.h"
#include "profile/sensor.h"

namespace edgetran::device {

namespace {

using base::ConfigMap;
using base::ConfigValue;
using Texts = std::map<std::string, std::string>;

constexpr int64_t kMaxI2cBus = 255;

const KnownSensor& find_known(const std::string& name) {
  const auto& all = known_sensors();
  return *std::find_if(all.begin(), all.end(),
                       [&](const KnownSensor& s) { return s.name == name; });
}

base::Result<const KnownSensor*> read_driver(ConfigMap& map) {
  EDGETRAN_ASSIGN(const auto value, map.require("driver"));
  std::vector<std::string> names;
  names.reserve(known_sensors().size());
  for (const KnownSensor& sensor : known_sensors()) names.push_back(sensor.name);
  EDGETRAN_ASSIGN(const std::string name, value.as_choice(names));
  const KnownSensor& sensor = find_known(name);
  if (sensor.keys.empty()) {
    return base::fail(value.error(fmt::format("a sensor of the driver {} is not declared", name),
                                  "the agent finds it by itself; `edgetran device check CARD` "
                                  "shows what it found"));
  }
  return &sensor;
}

/// What the driver of an INA219 refuses whatever hangs on the bus.
base::Status check_ina219(ConfigMap& map) {
  EDGETRAN_ASSIGN(const auto bus, map.require("bus"));
  EDGETRAN_TRY(bus.as_integer(0, kMaxI2cBus).map([](int64_t) {}));
  EDGETRAN_ASSIGN(const auto shunt, map.require("shunt_ohm"));
  EDGETRAN_ASSIGN(const double ohm, shunt.as_number());
  if (ohm > 0) return {};
  return base::fail(shunt.error(
      fmt::format("shunt_ohm is {}; it must be above 0", ohm),
      "power is bus voltage x shunt voltage / shunt_ohm: read the resistance off the shunt (R100 "
      "is 0.1 ohm, which most boards carry)"));
}

base::Status check_runtime_name(const std::string& name, const ConfigValue& place) {
  if (name == "openvino" || name == "simulated") {
    return base::fail(place.error(fmt::format("the agent has a runtime \"{}\" of its own", name),
                                  "give the program another name"));
  }
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos &&
      !name.empty()) {
    return {};
  }
  return base::fail(place.error(fmt::format(
      "the runtime \"{}\" has other characters in its name than a-z, 0-9, - and _", name)));
}

base::Result<std::string> read_command(const ConfigValue& value) {
  EDGETRAN_ASSIGN(std::string command, value.as_string());
  char quote = 0;
  for (const char c : command) {
    if (static_cast<unsigned char>(c) < 0x20) {
      return base::fail(value.error("a command has no line breaks or other control characters"));
    }
    if (quote != 0 ? c == quote : (c == '\'' || c == '"')) quote = quote != 0 ? 0 : c;
  }
  if (quote != 0) return base::fail(value.error("the command has an open quote"));
  if (command.find_first_not_of(' ') == std::string::npos) {
    return base::fail(value.error("the command is empty"));
  }
  return command;
}

}  // namespace

base::Result<base::Json> read_sensor(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_ASSIGN(const KnownSensor* sensor, read_driver(map));
  for (const std::string& key : sensor->keys) static_cast<void>(map.find(key));
  EDGETRAN_TRY(map.finish());
  if (sensor->name == "ina219") EDGETRAN_TRY(check_ina219(map));
  if (const auto boundary = map.find("boundary")) {
    EDGETRAN_TRY(boundary->as_choice(profile::boundary_names()).map([](const std::string&) {}));
  }
  return value.to_json();
}

base::Result<std::vector<base::Json>> read_sensors(const ConfigValue& value) {
  EDGETRAN_ASSIGN(const auto list, value.as_list());
  std::vector<base::Json> sensors;
  for (const ConfigValue& item : list) {
    EDGETRAN_ASSIGN(base::Json sensor, read_sensor(item));
    sensors.push_back(std::move(sensor));
  }
  return sensors;
}

base::Result<Texts> read_runtimes(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  Texts runtimes;
  for (const std::string& name : map.keys()) {
    EDGETRAN_ASSIGN(const auto command, map.require(name));
    EDGETRAN_TRY(check_runtime_name(name, command));
    EDGETRAN_ASSIGN(runtimes[name], read_command(command));
  }
  return runtimes;
}

base::Result<Texts> read_environment(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  Texts environment;
  for (const std::string& name : map.keys()) {
    const auto item = map.find(name);
    if (!item) return base::fail(value.error(fmt::format("environment.{} is empty", name)));
    const bool number =
        item->kind() == ConfigValue::Kind::kInteger || item->kind() == ConfigValue::Kind::kNumber;
    if (number) {
      environment[name] = base::dump_json(item->to_json());
    } else {
      EDGETRAN_ASSIGN(environment[name], item->as_string());
    }
  }
  return environment;
}

}  // namespace edgetran::device
