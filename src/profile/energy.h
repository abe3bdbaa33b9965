#pragma once

#include <cstdint>
#include <string_view>

#include "profile/sensor.h"

namespace edgetran::profile {

/// Why a window has no energy.
enum class WindowFault : uint8_t {
  kNone,
  kNotCovered,   ///< the trace does not reach over both edges
  kReadError,    ///< a reading inside or beside the window failed
  kGap,          ///< gauge: no sample for more than three sampling periods
  kWrapUnknown,  ///< counter: between two readings it could have wrapped more than once
  kImpossible,   ///< a step or value that means more power than the hardware's rating
  kClock,        ///< times that go backwards
};
std::string_view fault_name(WindowFault fault);  ///< "", "NOT_COVERED", "READ_ERROR", ...

/// Energy between two moments by one sensor, and how far it may be off (profiling.md, section 5).
/// Uncertainties are half-widths of 95 % intervals, in joules.
struct WindowEnergy {
  WindowFault fault = WindowFault::kNone;  ///< with a fault every figure is 0 and means nothing
  double energy_j = 0;
  double mean_w = 0;
  double edge_j = 0;    ///< from the edges, and for gauges from what happened between two updates
  double gain_j = 0;    ///< from the sensor's gain
  int64_t updates = 0;  ///< changes of the sensor's value inside the window; below 20: UNDERSAMPLED
};

/// The energy of [start_s, end_s]. Counters: the sum of differences modulo the range, in whole
/// ticks, interpolated at both edges; a gauge's stale duplicates are dropped, the rest is
/// integrated by trapezoids and interpolated at both edges (profiling.md, section 4). Never
/// negative; a window that cannot be told is a fault, never a zero.
WindowEnergy window_energy(const PowerTrace& trace, double start_s, double end_s);

/// The largest mean power over any `bandwidth_s` inside [start_s, end_s]: "peak power" over that
/// bandwidth (profiling.md, section 2). nullopt where the sensor is slower than the bandwidth, the
/// window shorter, or a fault stands in the way.
std::optional<double> peak_power(const PowerTrace& trace, double start_s, double end_s,
                                 double bandwidth_s);

}  // namespace edgetran::profile
