#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// A sensor that cannot be found and is declared instead: `{driver: ina219, bus: 1, ...}`, one map
/// of YAML or JSON. kUsage with the place: unknown driver (the nearest is named), one whose sensors
/// are found only, wrong keys; the driver's error where the sensor is not there.
base::Result<std::unique_ptr<Sensor>> declared_sensor(const SensorHost& host,
                                                      const std::string& declaration);

/// The declared sensors, then every one that the drivers find on the machine: where two see the
/// same joules, the first is taken (power_domains.h), and who declares one knows more of the board
/// than its drivers do. A declared one that is not there is a problem like any other, and so is a
/// wrong declaration.
FoundSensors find_sensors(const SensorHost& host, const std::vector<std::string>& declarations);

}  // namespace edgetran::profile::sensors
