#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "profile/recording.h"

namespace edgetran::profile {

/// The "latency" object of a record, and what its samples say about themselves.
struct LatencySummary {
  base::Json latency;
  std::vector<std::string> flags;  ///< UNCONVERGED, NOT_STEADY, OUTLIERS
};

/// Median with its 95 % interval, p90, p99 (null below the counts of statistics.h), phases apart.
/// Pure: the same recording gives the same bytes. At least one measured sample.
LatencySummary summarise_latency(const Recording& recording);

}  // namespace edgetran::profile
