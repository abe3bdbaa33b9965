#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/event.h"

namespace edgetran::device {

/// How long an agent that measures may say nothing before it counts as hung. Its events are seldom:
/// nothing is sent inside a warm-up, a window or the loading of a model. Not thread-safe.
class Silence {
 public:
  /// Of a measurement with this profile; an unknown one, which the agent will refuse, has the
  /// longest bound.
  explicit Silence(const std::string& profile);

  /// An event of the agent at `now_s`: how long the model's first run took makes the bound longer
  /// for models whose windows are.
  void heard(const base::Event& event, double now_s);

  /// Seconds.
  double bound_s() const;

 private:
  double phase_s_ = 0;      ///< the longest phase that is bounded by time
  int64_t runs_ = 0;        ///< at least so many make a phase, however long they take
  double first_run_s_ = 0;  ///< 0: not known yet
  std::optional<double> first_from_s_;
};

}  // namespace edgetran::device
