#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"

namespace edgetran::profile::sensors {

/// A chip on an I2C bus with registers of 16 bits, high byte first.
class I2cDevice {
 public:
  virtual ~I2cDevice() = default;
  /// kDevice: no answer, the bus is gone.
  virtual base::Result<uint16_t> read_register(uint8_t number) = 0;
  virtual base::Status write_register(uint8_t number, uint16_t value) = 0;
};

/// The chip at `address` of the bus behind `path` ("/dev/i2c-1"). kDevice with what to do: no such
/// bus, a driver of the kernel holds the chip; kPermission. Whether a chip answers shows at the
/// first register.
base::Result<std::unique_ptr<I2cDevice>> open_i2c_device(const std::filesystem::path& path,
                                                         uint8_t address);

}  // namespace edgetran::profile::sensors
