#include "profile/session_power.h"

#include <algorithm>
#include <utility>

#include "profile/recording_text.h"

namespace edgetran::profile {

SessionPower::SessionPower(PowerPlan plan, base::Clock& clock, double origin_s, Segment& segment)
    : plan_(std::move(plan)), clock_(clock), origin_s_(origin_s), segment_(segment) {
  segment_.totals = plan_.totals;
  segment_.pairs = plan_.pairs;
  segment_.sensor_notes = plan_.notes;
  for (const auto& recorder : plan_.recorders) {
    PowerTrace& trace = segment_.traces.emplace_back();
    trace.info = recorder->info();
    // plan() calibrated it; what it found is only told again here.
    trace.update_s = recorder->calibrate().value_or(Calibration{}).update_s;
  }
}

SessionPower::~SessionPower() { stop(); }

base::Status SessionPower::start() {
  running_ = true;
  for (size_t i = 0; i < plan_.recorders.size(); ++i) {
    EDGETRAN_TRY(plan_.recorders[i]->start(segment_.traces[i].update_s));
  }
  return {};
}

void SessionPower::stop() {
  if (!std::exchange(running_, false)) return;
  for (const auto& recorder : plan_.recorders) recorder->stop();
}

void SessionPower::pause(bool paused) {
  for (const auto& recorder : plan_.recorders) recorder->pause(paused);
}

double SessionPower::begin() {
  for (const auto& recorder : plan_.recorders) recorder->mark_edge(WindowEdge::kStart);
  return clock_.now_s() - origin_s_;
}

TimeSpan SessionPower::end(double start_s) {
  const TimeSpan span{start_s, clock_.now_s() - origin_s_};
  for (const auto& recorder : plan_.recorders) recorder->mark_edge(WindowEdge::kEnd);
  return span;
}

std::string SessionPower::drain() {
  std::string lines;
  segment_.lost_samples = 0;
  for (size_t i = 0; i < plan_.recorders.size(); ++i) {
    PowerTrace& trace = segment_.traces[i];
    const size_t first = trace.samples.size();
    plan_.recorders[i]->drain(trace);
    for (size_t k = first; k < trace.samples.size(); ++k) {
      trace.samples[k].before_s -= origin_s_;
      trace.samples[k].after_s -= origin_s_;
    }
    lines += encode_power(trace, i, first);
    segment_.lost_samples += plan_.recorders[i]->overruns();
  }
  return lines;
}

double SessionPower::slowest_update_s() const {
  double slowest_s = 0;
  for (const PowerTotal& total : plan_.totals) {
    for (const size_t sensor : total.sensors) {
      slowest_s = std::max(slowest_s, segment_.traces[sensor].update_s);
    }
  }
  return slowest_s;
}

}  // namespace edgetran::profile
