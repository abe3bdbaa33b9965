#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// What a meter beside a board said while it was measured, to be joined to what the board's agent
/// recorded: a power meter's log, or a sensor that the director reads. Times are on the clock that
/// Segment::clock_s tells of.
///
/// The raw text with the meters among the sensors of each segment, as if the agent had read them:
/// samples from a little before a segment to a little after it. A total of meters (power_domains.h)
/// replaces the board's own of the same boundary. Energy, power, flags and verdict are computed of
/// it as of any other (record.h), by `recheck` too. kCorrupt: no raw text; kUsage: one of an agent
/// that does not tell its clock.
base::Result<std::string> with_meters(std::string_view raw, const std::vector<PowerTrace>& meters);

}  // namespace edgetran::profile
