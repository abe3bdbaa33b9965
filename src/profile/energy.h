#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "profile/sensor.h"

namespace edgetran::profile {

/// Why a window has no energy.
enum class WindowFault : uint8_t {
  kNone,
  kNotCovered,   ///< the trace does not reach over both edges, or the window has no length
  kReadError,    ///< a reading inside or beside the window failed, or is not a number
  kGap,          ///< gauge: no sample for more than three sampling periods
  kWrapUnknown,  ///< counter: between two readings it could have wrapped more than once
  kImpossible,   ///< power above the hardware's rating or below 0; a tick of no energy
  kClock,        ///< times that go backwards or are not finite
  kStuck,        ///< counter: its value is the same on both sides of the window
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
  int64_t updates = 0;  ///< fresh values inside the window; below 20: UNDERSAMPLED
};

/// The energy of [start_s, end_s]. Counters: the sum of differences modulo the range, in whole
/// ticks, interpolated at both edges; a gauge's stale duplicates are dropped, the rest is
/// integrated by trapezoids and interpolated at both edges (profiling.md, section 4). A value is
/// placed where it was taken: half an update period, and half the averaging time of an averaging
/// gauge, before it was read; what is left of that doubt is in edge_j. Never negative; a window
/// that cannot be told is a fault, never a zero (a gauge that reads 0 W throughout is believed).
///
/// `updates`: for a counter of known period, the periods that fit into the window, at most as many
/// as it counted ticks; for a gauge of known period, readings or periods inside, whichever are
/// fewer, so that a constant load is not called undersampled; where the period is not known,
/// changes of the value.
WindowEnergy window_energy(const PowerTrace& trace, double start_s, double end_s);

/// The largest mean power over any `bandwidth_s` inside [start_s, end_s]: "peak power" over that
/// bandwidth (profiling.md, section 2). nullopt where the sensor is slower than the bandwidth (a
/// counter: than a tenth of it, since the moment of its updates is not known), the window shorter,
/// or a fault stands in the way.
std::optional<double> peak_power(const PowerTrace& trace, double start_s, double end_s,
                                 double bandwidth_s);

/// More than this a sensor's source cannot draw: its rating, or where that is not known a cap that
/// no board, socket or accelerator reaches.
double largest_power_w(const SensorInfo& info);

}  // namespace edgetran::profile
