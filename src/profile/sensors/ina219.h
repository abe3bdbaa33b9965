#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "profile/sensors/driver.h"
#include "profile/sensors/i2c_device.h"

namespace edgetran::profile::sensors {

/// How an INA219 is wired, from a card.
struct Ina219Wiring {
  int64_t bus = 1;  ///< N of /dev/i2c-N
  uint8_t address = 0x40;
  double shunt_ohm = 0;
  double shunt_tolerance = 0;  ///< largest relative error of the shunt's resistance; 0: not told
  double max_current_a = 0;    ///< what the sensor must be able to show
  Boundary boundary = Boundary::kBoardInput;
};

/// What follows for the chip's registers (Texas Instruments SBOS448G, section 8.5.1).
struct Ina219Settings {
  uint16_t configuration = 0;  ///< register 00h
  uint16_t calibration = 0;    ///< register 05h
  double ampere_per_bit = 0;   ///< of the current register, as the calibration really makes it
};

/// Keys `bus`, `address`, `shunt_ohm`, `shunt_tolerance`, `max_current_a`, `boundary`. kUsage at
/// the key: no shunt, one that is not positive, a current that the chip's 320 mV cannot show.
base::Result<Ina219Wiring> read_ina219_wiring(base::ConfigMap& settings);

Ina219Settings ina219_settings(const Ina219Wiring& wiring);

/// Configures the chip and waits for its first complete conversion (0.14 s; kDevice after 1 s). The
/// settings stay in the chip when the sensor is destroyed: a chip knows no owner.
base::Result<std::unique_ptr<Sensor>> make_ina219(const Ina219Wiring& wiring,
                                                  std::unique_ptr<I2cDevice> device,
                                                  base::Clock& clock);

}  // namespace edgetran::profile::sensors
