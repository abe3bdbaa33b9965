#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profile/sensor.h"

namespace edgetran::profile {

/// What a sensor last said.
struct SensorFigures {
  SensorInfo info;
  std::optional<double> power_w;
  std::optional<double> energy_j;  ///< since the figures' beginning; never falls
};

/// Prometheus' text exposition format, version 0.0.4: edgetran_power_watts (gauge) and
/// edgetran_energy_joules_total (counter), each with the labels driver, channel, domain and
/// boundary. A figure that is absent or not finite has no line.
std::string prometheus_text(const std::vector<SensorFigures>& sensors);

}  // namespace edgetran::profile
