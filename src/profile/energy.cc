#include "profile/energy.h"

#include "profile/updates.h"
#include "profile/window_parts.h"

namespace edgetran::profile {

namespace {

/// Where a card or driver gives no rating: accelerators end at 1.5 kW, nodes of four sockets at
/// 4 kW; what draws more is a rack, and no sensor of ours measures one.
constexpr double kLargestUnrated_w = 10e3;

WindowFault value_fault(const PowerTrace& trace, const Stretch& stretch) {
  return trace.info.kind == SensorKind::kCounter ? counter_fault(trace, stretch)
                                                 : gauge_fault(trace, stretch);
}

}  // namespace

std::string_view fault_name(WindowFault fault) {
  switch (fault) {
    case WindowFault::kNone:
      return "";
    case WindowFault::kNotCovered:
      return "NOT_COVERED";
    case WindowFault::kReadError:
      return "READ_ERROR";
    case WindowFault::kGap:
      return "GAP";
    case WindowFault::kWrapUnknown:
      return "WRAP_UNKNOWN";
    case WindowFault::kImpossible:
      return "IMPOSSIBLE";
    case WindowFault::kClock:
      return "CLOCK";
    case WindowFault::kStuck:
      return "STUCK";
  }
  return "UNKNOWN";
}

double largest_power_w(const SensorInfo& info) { return info.rating_w.value_or(kLargestUnrated_w); }

WindowEnergy window_energy(const PowerTrace& trace, double start_s, double end_s) {
  WindowEnergy window;
  const Stretch stretch = find_stretch(trace, start_s, end_s);
  window.fault = stretch.fault;
  if (window.fault == WindowFault::kNone) window.fault = value_fault(trace, stretch);
  if (window.fault != WindowFault::kNone) return window;

  window = trace.info.kind == SensorKind::kCounter ? counter_energy(trace, stretch, start_s, end_s)
                                                   : gauge_energy(trace, stretch, start_s, end_s);
  window.mean_w = window.energy_j / (end_s - start_s);
  window.gain_j = kHalfWidth95 * trace.info.gain_error.value_or(0) * window.energy_j;
  return window;
}

}  // namespace edgetran::profile
