#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "profile/power_plan.h"
#include "profile/recording.h"

namespace edgetran::profile {

/// The power sensors during one segment of a session: starts and stops their recorders, marks the
/// edges of every phase and keeps what they read in the segment, on its clock.
class SessionPower {
 public:
  /// The clock and segment must outlive it. Nothing is read yet.
  SessionPower(PowerPlan plan, base::Clock& clock, double origin_s, Segment& segment);
  ~SessionPower();
  SessionPower(const SessionPower&) = delete;
  SessionPower& operator=(const SessionPower&) = delete;

  bool present() const { return !plan_.recorders.empty(); }
  /// kResource where there is no thread for a sensor.
  base::Status start();
  void stop();
  void pause(bool paused);

  /// Marks the edges of a phase around `begin()` and `end()`; the readings lie outside the phase.
  double begin();
  TimeSpan end(double start_s);

  /// Moves what was read into the segment's traces and returns the raw lines of what is new.
  std::string drain();

  /// Time between updates of the slowest sensor that is part of a total; 0: not known or none.
  double slowest_update_s() const;

 private:
  PowerPlan plan_;
  base::Clock& clock_;
  double origin_s_;
  Segment& segment_;
  bool running_ = false;
};

}  // namespace edgetran::profile
