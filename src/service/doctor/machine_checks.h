#pragma once

#include <filesystem>

#include "service/doctor/check.h"

namespace edgetran::service {

/// The machine below `root`: processor, clock frequency, throttling, memory, swap, the clock, and
/// what each means for measurements. What a kernel does not show is left out. Reads, changes
/// nothing.
Checks check_machine(const std::filesystem::path& root);

/// The clock that this process measures with: its resolution and the kernel's source of it.
DoctorCheck check_clock(const std::filesystem::path& root);

}  // namespace edgetran::service
