#pragma once

#include <optional>
#include <string_view>

namespace edgetran::profile {

/// Seconds since 1970 UTC of "2026-01-31T12:00:00.25Z" (ISO 8601, extended form): a blank may stand
/// for the T, a comma for the point, an offset (+02:00, +0200) for the Z; without either the time
/// is taken as UTC. nullopt where it is anything else or no date.
std::optional<double> parse_iso_time(std::string_view text);

}  // namespace edgetran::profile
