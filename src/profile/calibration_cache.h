#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "profile/calibration.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// Calibrations of a machine's sensors, in a file that lasts until the next boot. The file may lie
/// where others write too: one that is not this user's alone is not believed.
class CalibrationCache {
 public:
  /// Without a file or the boot's name: kept in memory only.
  CalibrationCache(std::filesystem::path file, std::string boot);

  /// nullopt where there is none of a sensor that says of itself exactly this.
  std::optional<Calibration> find(const SensorInfo& info) const;
  /// Nothing is said where the file cannot be written: the next process calibrates again.
  void keep(const SensorInfo& info, const Calibration& calibration);

 private:
  std::filesystem::path file_;
  std::string boot_;
  base::Json sensors_ = base::Json::object();
};

/// Name and a hash of all that a sensor says of itself: a setting that differs is another sensor.
std::string calibration_key(const SensorInfo& info);

}  // namespace edgetran::profile
