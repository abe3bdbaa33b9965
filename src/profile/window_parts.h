#pragma once

#include <vector>

#include "profile/updates.h"

namespace edgetran::profile {

// What the power files share; not meant for others.

/// Half the width of a 95 % interval over the standard deviation.
inline constexpr double kHalfWidth95 = 1.96;
/// The same for the edges. Few changes make up their error, and the variance is estimated from
/// those few, so that it is no normal one: with 1.96, bursts over a thousand updates of a gauge
/// were covered in 93 % of seeds, with this in 95.5 % or more (the ensemble of
/// energy_coverage_test.cc).
inline constexpr double kEdgeHalfWidth95 = 2.3;
/// Share of an energy by which rounding of times may move it: a nanosecond, which a clock of
/// doubles keeps for a hundred days, over windows of a second.
inline constexpr double kTimeRounding = 1e-9;

/// Power over a stretch as straight lines between knots; energy over any part of it is exact.
/// Before the first knot and after the last the nearest power holds.
class PowerCurve {
 public:
  /// Power `from_w` just after `time_s` and `to_w` just before the next knot. Times do not
  /// decrease.
  struct Knot {
    double time_s = 0;
    double from_w = 0, to_w = 0;
    double energy_j = 0;  ///< since the first knot
  };
  explicit PowerCurve(std::vector<Knot> knots);

  double energy_j(double time_s) const;  ///< since the first knot
  double power_w(double time_s) const;
  const std::vector<Knot>& knots() const { return knots_; }

 private:
  size_t before(double time_s) const;
  std::vector<Knot> knots_;
};

/// Faults of the values between the edges: kWrapUnknown, kImpossible, kStuck; kNone.
WindowFault counter_fault(const PowerTrace& trace, const Stretch& stretch);
/// kGap, kImpossible; kNone.
WindowFault gauge_fault(const PowerTrace& trace, const Stretch& stretch);

/// The curves of faultless stretches.
PowerCurve counter_curve(const PowerTrace& trace, const std::vector<Update>& updates);
PowerCurve gauge_curve(const PowerTrace& trace, const std::vector<Update>& updates);

/// window_energy of faultless stretches.
WindowEnergy counter_energy(const PowerTrace& trace, const Stretch& stretch, double start_s,
                            double end_s);
WindowEnergy gauge_energy(const PowerTrace& trace, const Stretch& stretch, double start_s,
                          double end_s);

}  // namespace edgetran::profile
