#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// A CPU whose counters are read, and the part of the machine they belong to.
struct RaplPlace {
  int cpu = 0;
  int64_t package = 0;
  int64_t die = 0;
  bool first = true;  ///< of its package
  std::string name;   ///< as powercap names it: "package-0", "package-0-die-1"
};

/// The places of the CPUs that a PMU's file `cpumask` lists, one for each energy register. kDevice
/// where the file is no list of CPUs.
base::Result<std::vector<RaplPlace>> rapl_places(const SensorHost& host,
                                                 const std::string& cpumask);

}  // namespace edgetran::profile::sensors
