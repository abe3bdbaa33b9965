#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/energy.h"
#include "profile/recording.h"

namespace edgetran::profile {

/// The energy of a span by all sensors of a total together. The first sensor with a fault gives the
/// sum its fault; edges and gains of the sensors are added, as if they erred together.
WindowEnergy total_energy(const Segment& segment, const PowerTotal& total, const TimeSpan& span);

/// The largest mean power of a total over any `bandwidth_s` in the span; of several sensors the
/// largest of their sum, bounded by the sum of their peaks: `exact` is false where that bound is
/// what is given. nullopt where a sensor cannot tell (peak_power).
struct TotalPeak {
  double value_w = 0;
  bool exact = true;
};
std::optional<TotalPeak> total_peak(const Segment& segment, const PowerTotal& total,
                                    const TimeSpan& span, double bandwidth_s);

/// Power of a phase without work.
struct IdlePower {
  TimeSpan span;
  double mean_w = 0;
  double sigma_w = 0;          ///< one standard deviation of the mean
  double variation = 0;        ///< coefficient of variation of blocks of a second or more
  std::vector<double> blocks;  ///< their mean powers
};
/// nullopt where the span has a fault.
std::optional<IdlePower> idle_power(const Segment& segment, const PowerTotal& total,
                                    const TimeSpan& span);

/// A phase is noisy above this (profiling.md, section 3).
inline constexpr double kNoisyIdle = 0.05;

/// The power without work at any moment, from before and after (linear in between, constant
/// beyond), and its uncertainty.
struct Baseline {
  IdlePower before;
  std::optional<IdlePower> after;
  double power_w(double time_s) const;
  double sigma_w() const;
  /// Change from before to after.
  double drift_w() const { return after ? after->mean_w - before.mean_w : 0; }
};
/// nullopt where the phase with the model loaded was not measured.
std::optional<Baseline> baseline_of(const Segment& segment, const PowerTotal& total);

/// Which total is the figure of this measurement: the one that covers most; on an accelerator its
/// own before those that do not contain it. nullopt: there is none.
std::optional<size_t> primary_total(const Segment& segment, std::string_view accelerator);

}  // namespace edgetran::profile
