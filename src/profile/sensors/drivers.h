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

/// A power limit that firmware holds on average. Figures a few per cent above it are seen at full
/// load and are no fault of the sensor; a quarter more is none that a regulated board takes for
/// tens of milliseconds.
inline constexpr double kAboveLimit = 1.25;

}  // namespace edgetran::profile::sensors
