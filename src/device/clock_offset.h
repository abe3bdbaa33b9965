#pragma once

#include <optional>
#include <vector>

#include "base/json.h"

namespace edgetran::device {

/// One question for the peer's time: when it was asked, what the peer's clock showed, when the
/// answer came. All in seconds, the first and the last on this machine's monotonic clock.
struct RoundTrip {
  double asked_s = 0;
  double peer_s = 0;
  double answered_s = 0;
};

/// The peer's clock less ours at a moment of ours; the truth is within the uncertainty however
/// the way's two directions share the round trip.
struct ClockReading {
  double at_s = 0;
  double offset_s = 0;
  double uncertainty_s = 0;  ///< half the smallest round trip
};

/// From the quickest round trip. nullopt: none, or a clock of ours that went backwards in all.
std::optional<ClockReading> read_offset(const std::vector<RoundTrip>& trips);

/// {"offset_s", "uncertainty_s", "drift"}: the board's clock less this machine's before the
/// measurement, the larger uncertainty of before and after, and the seconds that the board's gained
/// a second of ours between. drift is null where no time passed, or with `after` missing.
base::Json clock_json(const ClockReading& before, const std::optional<ClockReading>& after);

}  // namespace edgetran::device
