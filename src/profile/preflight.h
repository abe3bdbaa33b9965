#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "profile/host.h"
#include "profile/thermal.h"

namespace edgetran::profile {

/// What was found on a machine before a measurement (profiling.md, section 3).
struct Preflight {
  std::vector<std::string> notes;  ///< what may disturb a measurement here, a sentence each
  std::vector<std::string> flags;  ///< HOST_BUSY
};

/// Governor, frequency limits, turbo, SMT, temperature, load, battery, swap, cgroup quota,
/// container and virtual machine, from /proc and /sys below `root`. Changes nothing.
Preflight check_machine(const HostInfo& host, const ThermalState& thermal,
                        const std::filesystem::path& root = "/");

}  // namespace edgetran::profile
