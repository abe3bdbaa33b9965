#pragma once

#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

// One declaration a driver, in the order of profiling.md, section 7; each is defined in its file.

extern const SensorDriver kPerfRapl;
extern const SensorDriver kPowercapRapl;
extern const SensorDriver kHwmonEnergy;
extern const SensorDriver kHwmonPower;
extern const SensorDriver kHwmonVi;
extern const SensorDriver kJetsonHwmon;
extern const SensorDriver kJetsonIio;
extern const SensorDriver kRpi5Pmic;
extern const SensorDriver kIna219;
extern const SensorDriver kNvml;
extern const SensorDriver kBattery;
extern const SensorDriver kSynthetic;  ///< synthetic.cc

}  // namespace edgetran::profile::sensors
