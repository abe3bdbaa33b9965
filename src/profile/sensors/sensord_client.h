#pragma once

#include <string>

#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// `host`, but a file on edgetran-sensord's list that the system refuses to open (EACCES, EPERM) is
/// read through the helper, where one answers below the host's root. The descriptor is then a
/// socket, whose readings are its own; where the helper does not help, the refusal stands. A helper
/// that ends, or does not answer within a second, is a device that is gone (ENODEV), never an old
/// value. May be used from several threads, as the system's calls; each descriptor from one.
SensorHost with_sensord(const SensorHost& host);

/// What to do where the helper could read what this process may not: one line for a shell.
std::string sensord_fix(const SensorHost& host);

/// What lets this program read the processor's counters itself, by perf: one line for a shell.
std::string perfmon_fix();

}  // namespace edgetran::profile::sensors
