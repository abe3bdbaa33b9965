#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "profile/counter_readings.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// Channels whose sum is the figure of a boundary; every joule in it is counted once. Totals of
/// different boundaries stand side by side and are never added.
struct PowerTotal {
  Boundary boundary = Boundary::kPackage;
  std::vector<size_t> sensors;  ///< indices, ascending
};

/// A channel that is part of no total, and why, as a phrase for a report.
struct LeftOutSensor {
  size_t sensor = 0;
  std::string reason;
  bool counts = true;  ///< false: it stands still, so that nothing can be compared with it
};

/// What is known against a machine's sensors beside what they say of themselves.
struct SensorFaults {
  std::vector<StillCounter> still{};
  std::vector<SensorInfo> missing{};  ///< what is there and cannot be read (SensorProblem)
};

/// Every sensor is in exactly one of the totals or left out. At most one total a boundary.
struct PowerDomains {
  std::vector<PowerTotal> totals;       ///< in the order of Boundary
  std::vector<LeftOutSensor> left_out;  ///< in the order of the sensors
};

/// What makes the total of each boundary (profiling.md, section 7):
/// - psys alone; packages with their memory, without the cores and graphics inside them;
/// - a domain that is there several times (msr and mmio, perf and powercap, counter and gauge)
/// once;
/// - dies that show one register together (`mirrored` in `readings`) once, others each;
/// - accelerators each; of a board's meters those of one driver, for another sees the same joules;
/// - single rails are no total;
/// - a counter that stands still is as if it were not there, and the next source is taken; a
/// processor of which a part cannot be read by any source has no total of that boundary.
PowerDomains power_domains(std::span<const SensorInfo> sensors,
                           std::span<const CounterReading> readings,
                           const SensorFaults& faults = {});

/// "package-0 of powercap-rapl", for reasons.
std::string channel_name(const SensorInfo& info);

}  // namespace edgetran::profile
