// The card's list of drivers against the drivers themselves.
#include "device/known_sensors.h"

#include <gtest/gtest.h>

#include "profile/sensors/driver.h"
#include "profile/sensors/ina219.h"
#include "profile/sensors/synthetic.h"

namespace edgetran::device {
namespace {

using profile::sensors::SensorDriver;

std::vector<std::string> keys_of(const std::string& name) {
  for (const KnownSensor& sensor : known_sensors()) {
    if (sensor.name == name) return sensor.keys;
  }
  return {};
}

TEST(KnownSensors, AreTheDriversInTheirOrder) {
  std::vector<std::string> known;
  for (const KnownSensor& sensor : known_sensors()) known.push_back(sensor.name);
  std::vector<std::string> drivers;
  for (const SensorDriver& driver : profile::sensors::sensor_drivers()) {
    drivers.emplace_back(driver.name);
  }
  EXPECT_EQ(known, drivers);
}

TEST(KnownSensors, HaveKeysExactlyWhereTheDriverIsDeclared) {
  for (const SensorDriver& driver : profile::sensors::sensor_drivers()) {
    EXPECT_EQ(driver.make != nullptr, !keys_of(std::string(driver.name)).empty()) << driver.name;
  }
}

TEST(KnownSensors, KeysOfASyntheticOneAreItsSettings) {
  std::vector<std::string> names;
  for (const auto& info : profile::sensors::synthetic_settings().infos())
    names.push_back(info.name);
  EXPECT_EQ(keys_of("synthetic"), names);
}

TEST(KnownSensors, AnIna219TakesAllItsKeysAndNoOther) {
  const base::Json wiring = {{"bus", 1},           {"address", 64},
                             {"shunt_ohm", 0.1},   {"shunt_tolerance", 0.01},
                             {"max_current_a", 2}, {"boundary", "module"}};
  std::vector<std::string> names;
  for (const auto& [name, value] : wiring.items()) names.push_back(name);
  EXPECT_EQ(keys_of("ina219"), names);
  auto map = std::move(*base::ConfigMap::of(base::ConfigValue::from_json(wiring, "wiring")));
  ASSERT_TRUE(profile::sensors::read_ina219_wiring(map));
  EXPECT_TRUE(map.finish());
}

}  // namespace
}  // namespace edgetran::device
