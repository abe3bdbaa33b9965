#include "device/clock_offset.h"

#include <algorithm>

namespace edgetran::device {

std::optional<ClockReading> read_offset(const std::vector<RoundTrip>& trips) {
  std::optional<ClockReading> best;
  for (const RoundTrip& trip : trips) {
    const double half_s = (trip.answered_s - trip.asked_s) / 2;
    if (half_s < 0 || (best && best->uncertainty_s <= half_s)) continue;
    const double middle_s = trip.asked_s + half_s;
    best = ClockReading{middle_s, trip.peer_s - middle_s, half_s};
  }
  return best;
}

base::Json clock_json(const ClockReading& before, const std::optional<ClockReading>& after) {
  base::Json json = {
      {"offset_s", before.offset_s}, {"uncertainty_s", before.uncertainty_s}, {"drift", nullptr}};
  if (!after) return json;
  json["uncertainty_s"] = std::max(before.uncertainty_s, after->uncertainty_s);
  const double passed_s = after->at_s - before.at_s;
  if (passed_s > 0) json["drift"] = (after->offset_s - before.offset_s) / passed_s;
  return json;
}

}  // namespace edgetran::device
