#pragma once

#include <string>

#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// Counter and gauge of every accelerator that the library at `library` knows; reads each once.
/// A library that cannot be loaded is absent, unless the machine has the driver's device.
FoundSensors find_nvml(const SensorHost& host, const std::string& library);

}  // namespace edgetran::profile::sensors
