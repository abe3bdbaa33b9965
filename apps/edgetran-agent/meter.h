#pragma once

#include <string>

/// Reads the declared sensor (`{driver: ina219, ...}`) and writes its trace to standard output as
/// it grows (profile/power_trace_csv.h), on this machine's monotonic clock, until standard input
/// ends. Returns the exit code.
int read_sensor(const std::string& declaration);
