#pragma once

#include <string>
#include <utility>
#include <vector>

#include "profile/power_log.h"
#include "profile/prometheus.h"
#include "profile/recording.h"

namespace edgetran::profile {

/// The power traces of a recording, by the sensors' names, each sample with its phase:
/// "idle_unloaded", "load", "idle_loaded", "window 0", ..., "idle_after", or empty between them.
/// The traces of a resumed measurement follow each other, with the times of each segment's own
/// clock; a name then has its segment behind it ("name#1").
std::vector<std::pair<std::string, PowerLog>> power_logs(const Recording& recording);

/// The last power and the energy over all windows of each sensor.
std::vector<SensorFigures> sensor_figures(const Recording& recording);

}  // namespace edgetran::profile
