#include "profile/recording_trace.h"

#include <fmt/core.h>

#include <algorithm>

#include "profile/energy.h"
#include "profile/power_plan.h"

namespace edgetran::profile {

namespace {

struct NamedSpan {
  TimeSpan span;
  std::string name;
};

/// In order of time; phases do not overlap.
std::vector<NamedSpan> phases_of(const Segment& segment) {
  std::vector<NamedSpan> phases;
  const auto add = [&](const std::optional<TimeSpan>& span, const char* name) {
    if (span) phases.push_back({*span, name});
  };
  add(segment.idle_unloaded, "idle_unloaded");
  add(segment.load, "load");
  add(segment.idle_loaded, "idle_loaded");
  for (size_t i = 0; i < segment.windows.size(); ++i) {
    phases.push_back({segment.windows[i].span, fmt::format("window {}", i)});
  }
  add(segment.idle_after, "idle_after");
  return phases;
}

PowerLog log_of(const PowerTrace& trace, const std::vector<NamedSpan>& phases) {
  PowerLog log{.trace = trace, .phases = {}};
  size_t next = 0;
  for (const PowerSample& sample : trace.samples) {
    while (next < phases.size() && phases[next].span.end_s < sample.time_s()) ++next;
    const bool inside = next < phases.size() && phases[next].span.start_s <= sample.time_s();
    log.phases.push_back(inside ? phases[next].name : "");
  }
  return log;
}

}  // namespace

std::vector<std::pair<std::string, PowerLog>> power_logs(const Recording& recording) {
  std::vector<std::pair<std::string, PowerLog>> logs;
  for (size_t i = 0; i < recording.segments.size(); ++i) {
    const Segment& segment = recording.segments[i];
    const auto phases = phases_of(segment);
    for (const PowerTrace& trace : segment.traces) {
      const std::string name = sensor_name(trace.info);
      logs.emplace_back(i == 0 ? name : fmt::format("{}#{}", name, i), log_of(trace, phases));
    }
  }
  return logs;
}

std::vector<SensorFigures> sensor_figures(const Recording& recording) {
  std::vector<SensorFigures> figures;
  for (const Segment& segment : recording.segments) {
    for (const PowerTrace& trace : segment.traces) {
      auto found = std::ranges::find_if(figures, [&](const SensorFigures& one) {
        return sensor_name(one.info) == sensor_name(trace.info);
      });
      if (found == figures.end()) found = figures.insert(found, SensorFigures{trace.info, {}, {}});
      for (const Window& window : segment.windows) {
        const WindowEnergy energy = window_energy(trace, window.span.start_s, window.span.end_s);
        if (energy.fault != WindowFault::kNone) continue;
        found->power_w = energy.mean_w;
        found->energy_j = found->energy_j.value_or(0) + energy.energy_j;
      }
    }
  }
  return figures;
}

}  // namespace edgetran::profile
