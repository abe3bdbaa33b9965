#pragma once

#include <string>
#include <vector>

#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// The INA3221 chips ("1-0040") whose rails jetson-hwmon finds, in order: those of a Jetson's
/// board, which have labels there. Others, on other boards or added to a Jetson's pins, are
/// hwmon-vi's.
std::vector<std::string> jetson_hwmon_chips(const SensorHost& host);

}  // namespace edgetran::profile::sensors
