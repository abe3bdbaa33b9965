#include "profile/sensors/driver.h"
#include "profile/sensors/drivers.h"

namespace edgetran::profile::sensors {

const std::vector<SensorDriver>& sensor_drivers() {
  static const std::vector<SensorDriver> kDrivers = {
      kPerfRapl,  kPowercapRapl, kHwmonEnergy, kHwmonPower, kHwmonVi, kJetsonHwmon,
      kJetsonIio, kRpi5Pmic,     kIna219,      kNvml,       kBattery, kSynthetic,
  };
  return kDrivers;
}

}  // namespace edgetran::profile::sensors
