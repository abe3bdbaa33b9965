#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "profile/runtimes/simulated/power_timeline.h"
#include "profile/simulated_law.h"
#include "profile/thermal.h"

namespace edgetran::profile::simulated {

/// A simulated board: its clock, what it draws, how hot it is. Time that passes on the clock
/// without work is idle. One thread.
class Machine {
 public:
  /// At rest, as warm as resting makes it.
  Machine();

  base::ManualClock& clock() { return clock_; }
  /// The law from now on. The first one decides what the board was before.
  void set_law(const SimulatedLaw& law);
  const SimulatedLaw& law() const { return law_; }

  /// Loads a model; from then on resting takes power.loaded_w, until it is unloaded.
  void load();
  void unload();
  /// One inference that takes `factor` times its mean at the clock that the board has meanwhile.
  void run(double factor);
  /// Accounts for the time on the clock since the last work: rest.
  void settle();

  const PowerTimeline& timeline() const { return timeline_; }
  /// A reader of the timeline; it is kept from the moment that each reader last named.
  size_t add_reader();
  void needs_from(size_t reader, double time_s);

  /// Temperature now (where the law has heat), entries into the slower clock so far, and the mean
  /// clock over the full one since the last call.
  ThermalState thermal_state();

 private:
  double rest_w() const;
  void pass(double seconds, double watts);
  void step(double seconds, double watts);
  double change_s(double watts) const;
  void change_clock();
  void forget();

  base::ManualClock clock_;
  SimulatedLaw law_;
  bool has_law_ = false;
  int loaded_ = 0;
  PowerTimeline timeline_{0};
  std::vector<double> needed_from_s_;

  double temperature_c_ = 0;
  bool hot_ = false;  ///< at the slower clock
  int64_t throttle_events_ = 0;
  double clocked_s_ = 0, share_s_ = 0;  ///< since the last thermal_state(): time, and time * share
};

}  // namespace edgetran::profile::simulated
