#pragma once

#include <sys/types.h>

#include <functional>

#include "profile/sensors/driver.h"

struct perf_event_attr;

namespace edgetran::profile::sensors {

/// The system's calls behind perf events; -1 and errno where they fail. Empty: the system's.
struct PerfSystem {
  /// As perf_event_open(2): a descriptor.
  std::function<int(const perf_event_attr& event, int pid, int cpu, int group, unsigned long flags)>
      open;
  /// As read(2).
  std::function<ssize_t(int descriptor, void* buffer, size_t size)> read;
};

/// The events of the PMU "power". The files of sysfs come from `host`.
FoundSensors find_perf_rapl(const SensorHost& host, const PerfSystem& system);

}  // namespace edgetran::profile::sensors
