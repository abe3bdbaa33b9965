#include "profile/runtimes/simulated/machine.h"

#include <algorithm>
#include <cmath>

namespace edgetran::profile::simulated {

Machine::Machine() = default;

void Machine::set_law(const SimulatedLaw& law) {
  if (has_law_) {
    settle();
    law_ = law;
    return;
  }
  has_law_ = true;
  law_ = law;
  timeline_ = PowerTimeline(rest_w());
  if (law_.thermal) {
    temperature_c_ = law_.thermal->ambient_c + law_.thermal->resistance_c_per_w * rest_w();
  }
  settle();
}

double Machine::rest_w() const {
  if (!law_.power) return 0;
  return loaded_ > 0 ? law_.power->loaded_w : law_.power->idle_w;
}

void Machine::load() {
  settle();
  pass(law_.load_s, law_.power ? law_.power->load_w : 0);
  clock_.sleep_until(timeline_.end_s());
  ++loaded_;
  forget();
}

void Machine::unload() {
  settle();
  --loaded_;
}

void Machine::run(double factor) {
  settle();
  for (double left = 1; left > 0;) {
    const double mean_s = (hot_ ? law_.thermal->throttled_s : law_.mean_s) * factor;
    const double watts = !law_.power ? 0 : (hot_ ? law_.power->throttled_w : law_.power->run_w);
    const double until_change_s = change_s(watts);
    if (left * mean_s <= until_change_s) {
      step(left * mean_s, watts);
      break;
    }
    step(until_change_s, watts);
    change_clock();
    left -= until_change_s / mean_s;
  }
  clock_.sleep_until(timeline_.end_s());
  forget();
}

void Machine::settle() { pass(clock_.now_s() - timeline_.end_s(), rest_w()); }

void Machine::pass(double seconds, double watts) {
  while (seconds > 0) {
    const double until_change_s = change_s(watts);
    if (seconds < until_change_s) {
      step(seconds, watts);
      return;
    }
    step(until_change_s, watts);
    change_clock();
    seconds -= until_change_s;
  }
}

/// So long nothing about the clock changes.
void Machine::step(double seconds, double watts) {
  timeline_.extend(timeline_.end_s() + seconds, watts);
  clocked_s_ += seconds;
  share_s_ += seconds * (hot_ ? law_.thermal->clock_share : 1);
  if (!law_.thermal) return;
  const double rest_c = law_.thermal->ambient_c + law_.thermal->resistance_c_per_w * watts;
  temperature_c_ =
      rest_c + (temperature_c_ - rest_c) * std::exp(-seconds / law_.thermal->time_constant_s);
}

/// Time until the clock changes at this power; infinite: never.
double Machine::change_s(double watts) const {
  if (!law_.thermal) return INFINITY;
  const double rest_c = law_.thermal->ambient_c + law_.thermal->resistance_c_per_w * watts;
  const double goal_c = hot_ ? law_.thermal->resume_c : law_.thermal->limit_c;
  if (hot_ ? temperature_c_ <= goal_c : temperature_c_ >= goal_c) return 0;
  if (hot_ ? rest_c >= goal_c : rest_c <= goal_c) return INFINITY;
  return law_.thermal->time_constant_s * std::log((rest_c - temperature_c_) / (rest_c - goal_c));
}

void Machine::change_clock() {
  hot_ = !hot_;
  if (hot_) ++throttle_events_;
  // Exactly on the line: what rounding left of the way must not count as another crossing.
  temperature_c_ = hot_ ? std::max(temperature_c_, law_.thermal->limit_c)
                        : std::min(temperature_c_, law_.thermal->resume_c);
}

size_t Machine::add_reader() {
  needed_from_s_.push_back(timeline_.end_s());
  return needed_from_s_.size() - 1;
}

void Machine::needs_from(size_t reader, double time_s) {
  needed_from_s_[reader] = time_s;
  forget();
}

void Machine::forget() {
  double from_s = timeline_.end_s();
  for (const double needed_s : needed_from_s_) from_s = std::min(from_s, needed_s);
  timeline_.forget_before(from_s);
}

ThermalState Machine::thermal_state() {
  settle();
  ThermalState state;
  if (law_.thermal) state.temperature_c = temperature_c_;
  state.throttle_events = throttle_events_;
  const double now = hot_ ? law_.thermal->clock_share : 1;
  state.frequency_share = clocked_s_ > 0 ? share_s_ / clocked_s_ : now;
  clocked_s_ = share_s_ = 0;
  return state;
}

}  // namespace edgetran::profile::simulated
