#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "train/events.h"

namespace edgetran::train::torch_engine {

/// How fast training goes: the rates of its steps, and progress events in their intervals.
class Pace {
 public:
  Pace(base::EventSink& events, base::Clock& clock, double log_interval_s)
      : events_(events), clock_(clock), log_interval_s_(log_interval_s) {}

  /// Training starts or goes on here.
  void start(int64_t tokens);
  /// A step that took `seconds`.
  void add_step(int64_t tokens, int64_t examples, double seconds);
  /// Emits `progress`, its rate and remaining time filled in, unless the last one was just now;
  /// the last of the job always comes.
  void report(Progress progress);

  /// Of the median step, the first tenth dropped: those still warm up caches and allocators.
  double tokens_per_s() const;
  double examples_per_s() const;

 private:
  struct Rate {
    double tokens_per_s = 0, examples_per_s = 0;
  };
  double steady_median(double Rate::*member) const;
  base::EventSink& events_;
  base::Clock& clock_;
  double log_interval_s_;
  double reported_s_ = 0;
  int64_t reported_tokens_ = 0;
  std::vector<Rate> rates_;
};

}  // namespace edgetran::train::torch_engine
