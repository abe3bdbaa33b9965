#include "device/known_sensors.h"

namespace edgetran::device {

const std::vector<KnownSensor>& known_sensors() {
  static const std::vector<KnownSensor> kSensors = {
      {"perf-rapl", {}},
      {"powercap-rapl", {}},
      {"hwmon-energy", {}},
      {"hwmon-power", {}},
      {"hwmon-vi", {}},
      {"jetson-hwmon", {}},
      {"jetson-iio", {}},
      {"rpi5-pmic", {}},
      {"ina219", {"bus", "address", "shunt_ohm", "shunt_tolerance", "max_current_a", "boundary"}},
      {"nvml", {}},
      {"battery", {}},
      {"synthetic",
       {"kind",        "shape",       "base_w",    "swing_w",        "period_s",    "duty",
        "phase_s",     "seed",        "update_s",  "update_phase_s", "averaging_s", "resolution",
        "range_ticks", "start_ticks", "rating_w",  "gain_error",     "read_s",      "fault",
        "fault_at_s",  "fault_for_s", "fault_size"}},
  };
  return kSensors;
}

}  // namespace edgetran::device
