#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"
#include "profile/power_log.h"

namespace edgetran::device {

/// A power meter beside a board, of the section `meters` of its card: read by this machine while
/// the board measures, or kept by a program of its own in a log.
struct Meter {
  base::Json declaration;                        ///< as the card says it: {"driver": ...}
  std::optional<profile::PowerLogSource> log{};  ///< driver `csv`; else a sensor of this machine
  double update_s = 0;                           ///< driver `csv`: time between its values
};

/// [{"driver": name, settings}]: a driver whose sensors are declared (known_sensors.h), or `csv`
/// with the keys of read_power_log_source and `update_s`. kUsage with the place.
base::Result<std::vector<Meter>> read_meters(const base::ConfigValue& value);
base::Json meters_json(const std::vector<Meter>& meters);

}  // namespace edgetran::device
