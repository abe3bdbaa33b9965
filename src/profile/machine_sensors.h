#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "profile/calibration_cache.h"
#include "profile/power_plan.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// The power sensors of a machine: found once, calibrated once a boot, read by session after
/// session. Not thread-safe.
class MachineSensors {
 public:
  /// `calibrations`: file in which calibrations are kept until the next boot; empty: for the life
  /// of this object only. The clock must outlive it.
  MachineSensors(FoundSensors found, base::Clock& clock, std::filesystem::path calibrations = {},
                 const std::filesystem::path& root = "/");

  /// Opens a session: sensors that are part of a total are calibrated and ready to start. A sensor
  /// that cannot be calibrated is left out with a note; nothing here is an error.
  PowerPlan plan();

  const std::vector<std::unique_ptr<Sensor>>& sensors() const { return found_.sensors; }
  const std::vector<SensorProblem>& problems() const { return found_.problems; }

 private:
  void choose();
  void note_problems(base::Json& notes) const;
  base::Result<Calibration> calibrate(PowerRecorder& recorder, bool known);
  std::optional<Calibration> known(const SensorInfo& info) const;

  /// A calibration that found no update period, and when to try again.
  struct Quiet {
    Calibration calibration;
    double until_s = 0;
  };

  FoundSensors found_;
  base::Clock& clock_;
  CalibrationCache calibrations_;
  std::map<std::string, Quiet> quiet_;  // by calibration_key
  PowerDomains domains_;
  std::optional<ChosenSensors> chosen_;
};

}  // namespace edgetran::profile
