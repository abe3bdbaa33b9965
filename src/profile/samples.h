#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "profile/profiles.h"

namespace edgetran::profile {

/// One measuring window: its start on the session's clock (0 at the end of loading) and the
/// seconds of each inference in order.
struct Window {
  double start_s = 0;
  std::vector<double> seconds;
};

/// Everything that was timed in a session; the figures of a record are computed from it alone.
struct Samples {
  double load_s = 0;
  double first_s = 0;
  std::vector<double> warm_up;
  std::vector<Window> windows;

  /// All windows' seconds in order.
  std::vector<double> measured() const;
};

/// The raw file (docs/protocol.md, "Raw samples"): JSON lines, a header
/// {"format":"edgetran.samples/1","unit":"s"} and one line a phase. Doubles round-trip exactly.
std::string encode_samples(const Samples& samples);
/// kCorrupt where a line is not what the format says.
base::Result<Samples> decode_samples(std::string_view text);

/// The "latency" object of a record, and what its samples say about themselves.
struct LatencySummary {
  base::Json latency;
  std::vector<std::string> flags;  ///< UNCONVERGED, NOT_STEADY, OUTLIERS
};

/// Median with its 95 % interval, p90, p99 (null below the counts of statistics.h), phases apart.
/// Pure: the same samples give the same bytes. At least one measured sample.
LatencySummary summarise(const Samples& samples, const Profile& profile);

}  // namespace edgetran::profile
