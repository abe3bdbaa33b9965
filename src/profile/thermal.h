#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/json.h"

namespace edgetran::profile {

/// How hot and how fast a machine is at a moment; what it does not show is not known.
struct ThermalState {
  std::optional<double> temperature_c;     ///< the hottest zone
  std::optional<int64_t> throttle_events;  ///< counted by processor, package and firmware, summed
  std::optional<int64_t> cooling_state;    ///< passive cooling devices, summed
  std::optional<double> frequency_share;   ///< fastest core's frequency over what it should have
};

/// Reads /sys below `root`: thermal zones, cooling devices of processors, the processors' throttle
/// counters, their frequency against the base frequency (the largest where there is no base, as on
/// Arm boards), and the Raspberry Pi firmware's present limits.
ThermalState read_thermal(const std::filesystem::path& root = "/");

base::Json thermal_json(const ThermalState& state);
/// Throws nlohmann's exceptions where the JSON is another.
ThermalState thermal_from_json(const base::Json& json);

/// Whether the machine was limited between two moments (profiling.md, section 6): a throttle
/// counter or a cooling device moved up, or the frequency fell below 90 % of what it should be.
bool throttled(const ThermalState& before, const ThermalState& after);

}  // namespace edgetran::profile
