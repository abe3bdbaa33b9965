#pragma once

#include <cstdint>
#include <optional>

namespace edgetran::profile {

/// Sets the kernel's record of this process's largest resident set back to the present one, so
/// that the next reading is of the next model alone. False where the kernel refuses; the reading is
/// then an upper bound.
bool reset_peak_memory();

/// Largest resident set of this process since the last reset, in bytes.
uint64_t peak_memory_bytes();

/// Resident set of this process now, and with shared pages divided by the number of processes that
/// share them (Rss and Pss of /proc/self/smaps_rollup); nullopt where the kernel does not tell.
std::optional<uint64_t> resident_bytes();
std::optional<uint64_t> proportional_bytes();

}  // namespace edgetran::profile
