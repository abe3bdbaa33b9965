#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/sensor.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// A channel of an INA3221 power monitor of a Jetson, as found in the file system.
struct JetsonChannel {
  std::string label;   ///< "VDD_CPU_GPU_CV"; empty: the board gives it no name
  std::string place;   ///< the chip and the channel: "1-0040:2"; the same at every boot
  int address = 0;     ///< of the chip on its bus: 0x40 to 0x43
  std::string source;  ///< the file or files, in words
  std::vector<std::string> factors;  ///< files whose product is its power, below the host's root
  double resolution_w = 0;
  double averaging_s = 0;
};

/// The i2c device folders ("1-0040") of a driver folder ("/sys/bus/i2c/drivers/ina3221"), in order.
struct I2cFolder {
  std::string path;  ///< without the root
  std::string name;
  int address = 0;
};
std::vector<I2cFolder> i2c_folders(const SensorHost& host, std::string_view driver_folder);

/// Sensors of the channels: the total of the module where a rail measures it, else their sum, and
/// the single rails within it. Watts are factors x `unit_w`. A channel that cannot be read is a
/// problem; so is a sum that would miss one.
FoundSensors jetson_sensors(const SensorHost& host, std::string_view driver,
                            const std::vector<JetsonChannel>& channels, double unit_w);

/// Whether the machine with these channels is a Jetson: by its device tree; where that is hidden,
/// as it is in containers, by rails that together are a whole module in NVIDIA's tables.
bool is_jetson(const SensorHost& host, const std::vector<JetsonChannel>& channels);

}  // namespace edgetran::profile::sensors
