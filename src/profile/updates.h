#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "profile/energy.h"
#include "profile/sensor.h"

namespace edgetran::profile {

/// One update of a sensor's value, as the readings that showed it bound its moment: a value read in
/// [before, after] was taken in (before - update period, after], not before the last reading that
/// still showed another value, and a period away from its neighbours.
struct Update {
  Reading value;
  double earliest_s = 0;
  double latest_s = 0;
  size_t first_sample = 0;  ///< index in the trace of the reading that showed it first

  double time_s() const { return (earliest_s + latest_s) / 2; }
  double width_s() const { return latest_s - earliest_s; }
};

/// The stretch of a trace that tells about a window: `first` and `last` are the samples beside its
/// edges; a few more on both sides (`context_first`, `context_last`) bound them further.
struct Stretch {
  WindowFault fault = WindowFault::kNone;
  size_t first = 0, last = 0;
  size_t context_first = 0, context_last = 0;
  double update_s = 0;  ///< the trace's, or an upper bound from its changes
  /// Whether the period is bounded at all; else update_s is the sampling period, and a value may be
  /// as old as the trace.
  bool bounded = true;
};

/// Looks for the samples around [start_s, end_s]: kClock, kNotCovered and kReadError are found
/// here.
Stretch find_stretch(const PowerTrace& trace, double start_s, double end_s);

/// The distinct updates shown by the stretch's samples, in order of time. A repeated value is a
/// stale duplicate where most of an update period has not passed since it was first shown, else a
/// value of its own.
std::vector<Update> find_updates(const PowerTrace& trace, const Stretch& stretch);

/// Median time between consecutive samples; 0 for fewer than two.
double sampling_period_s(std::span<const PowerSample> samples);

}  // namespace edgetran::profile
