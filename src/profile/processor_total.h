#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "profile/power_domains.h"

namespace edgetran::profile {

/// The channels of a processor that make the total of one boundary.
struct ProcessorTotal {
  std::vector<size_t> sensors;          ///< none: there is no total
  std::vector<size_t> elsewhere;        ///< channels that say nothing of a package
  std::vector<LeftOutSensor> left_out;  ///< of the others
};

/// Of the channels in `open`, all of `boundary` (kPsys or kPackage): each package and its memory
/// once, by the best source that misses no part of it. No total where a part of the processor is
/// known to be there and no source shows it: too small a figure looks like any other.
ProcessorTotal processor_total(std::span<const SensorInfo> sensors,
                               std::span<const CounterReading> readings, const SensorFaults& faults,
                               Boundary boundary, const std::vector<size_t>& open);

}  // namespace edgetran::profile
