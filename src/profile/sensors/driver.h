#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "profile/sensor.h"

namespace edgetran::profile::sensors {

/// The outside world of the drivers, so that fixtures can stand in for it. Paths of sources are
/// looked up below `root`; each driver that needs more than files has its hook in its own header
/// and takes the system's where this is empty.
struct SensorHost {
  std::filesystem::path root = "/";
  /// How a small file is opened and read; both as the system's calls: -1 and errno where they fail.
  /// Empty: the system's. Stand-ins show what plain files of a fixture cannot: refusal (permission
  /// bits do not bind root), EAGAIN, ENODATA, and a device that goes away while it is open.
  std::function<int(const std::filesystem::path& path)> open;
  std::function<ssize_t(int descriptor, void* buffer, size_t size)> pread;

  /// `path`, which begins with '/', below the root.
  std::filesystem::path at(std::string_view path) const {
    return root / std::filesystem::path(path).relative_path();
  }
};

/// One kind of sensor: how to find it on a machine, and how to make it from a device card where it
/// cannot be found (a shunt on a bus, a meter's log).
struct SensorDriver {
  std::string_view name;  ///< "powercap-rapl"
  std::string_view text;  ///< a sentence for help
  /// Every sensor of this kind that the machine has; reads each once. Empty where the driver's
  /// sensors are declared only.
  FoundSensors (*find)(const SensorHost& host) = nullptr;
  /// A sensor from the keys of a card; kUsage with the key's place. Null where they are found only.
  base::Result<std::unique_ptr<Sensor>> (*make)(const SensorHost& host,
                                                base::ConfigMap& settings) = nullptr;
};

/// All drivers, in the order of profiling.md, section 7. A new one is a file and a line in
/// registry.cc.
const std::vector<SensorDriver>& sensor_drivers();

}  // namespace edgetran::profile::sensors
