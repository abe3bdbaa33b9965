#pragma once

#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

// One declaration a driver, in the order of profiling.md, section 7; each is defined in its file.

extern const SensorDriver kSynthetic;  ///< synthetic.cc

}  // namespace edgetran::profile::sensors
