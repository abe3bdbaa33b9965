#include "profile/record.h"

#include <algorithm>

#include "base/clock.h"
#include "profile/latency_summary.h"
#include "profile/physics_gates.h"
#include "profile/power_plan.h"
#include "profile/power_summary.h"

namespace edgetran::profile {

namespace {

using base::Json;

/// More windows discarded than this share: the rest is no picture of the machine (profiling.md,
/// section 6).
constexpr double kMostDiscarded = 0.1;

Json sensors_json(const Segment& segment) {
  Json sensors = Json::array();
  for (const PowerTrace& trace : segment.traces) {
    const SensorInfo& info = trace.info;
    sensors.push_back({{"name", sensor_name(info)},
                       {"driver", info.driver},
                       {"domain", info.domain},
                       {"kind", info.kind == SensorKind::kCounter ? "counter" : "gauge"},
                       {"unit", info.kind == SensorKind::kCounter ? "J" : "W"},
                       {"boundary", boundary_name(info.boundary)},
                       {"update_s", trace.update_s},
                       {"gain_error", info.gain_error ? Json(*info.gain_error) : Json(nullptr)},
                       {"samples", trace.samples.size()}});
  }
  return sensors;
}

Json provenance(const Recording& recording) {
  const RecordingHeader& header = recording.header;
  const RunSettings& settings = header.settings;
  Json json = {{"program", header.program},
               {"version", header.version},
               {"commit", header.commit},
               {"model_sha256", header.model},
               {"runtime", header.runtime},
               {"runtime_version", header.runtime_version},
               {"precision", settings.precision},
               {"accelerator", settings.accelerator},
               {"threads", settings.threads},
               {"batch", settings.batch},
               {"length", settings.length},
               {"vocabulary", header.vocabulary},
               {"seed", header.seed},
               {"segments", recording.segments.size()}};
  if (!header.environment.is_null()) json["environment"] = header.environment;
  const Segment& first = recording.segments.front();
  if (!first.in_effect.is_null()) json["in_effect"] = first.in_effect;
  if (!first.traces.empty()) json["sensors"] = sensors_json(first);
  if (header.modelled) {
    json["law"] = header.law;
    return json;
  }
  json["host"] = first.host;
  json["preflight"] = first.notes;
  if (!first.sensor_notes.empty()) json["sensor_notes"] = first.sensor_notes;
  if (!first.windows.empty()) {
    json["thermal"] = {
        {"before", thermal_json(first.windows.front().before)},
        {"after", thermal_json(recording.segments.back().windows.empty()
                                   ? first.windows.back().after
                                   : recording.segments.back().windows.back().after)}};
  }
  json["time"] = base::iso_time(first.unix_time_s);
  return json;
}

Json memory_json(const Recording& recording) {
  Json json = {{"peak_rss_bytes", nullptr}, {"model_bytes", recording.header.model_bytes}};
  for (const Segment& segment : recording.segments) {
    if (!segment.memory) continue;
    const MemoryFigures& memory = *segment.memory;
    const auto value = [](const std::optional<uint64_t>& bytes) {
      return bytes ? Json(*bytes) : Json(nullptr);
    };
    json["peak_rss_bytes"] = value(memory.peak_rss_bytes);
    json["proportional_bytes"] = value(memory.proportional_bytes);
    json["before_bytes"] = value(memory.before_bytes);
    json["activation_bytes"] = value(memory.activation_bytes);
    json["accelerator_bytes"] = value(memory.accelerator_bytes);
    json["own_pass"] = memory.own_pass;
  }
  return json;
}

/// Flags in the order in which they are found, each once.
class Flags {
 public:
  void raise(const std::string& flag) {
    if (!has(flag)) names_.push_back(flag);
  }
  void raise(const std::vector<std::string>& flags) {
    for (const std::string& flag : flags) raise(flag);
  }
  bool has(const std::string& flag) const {
    return std::ranges::find(names_, flag) != names_.end();
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

void raise_session_flags(const Recording& recording, Flags& flags) {
  for (const Segment& segment : recording.segments) {
    flags.raise(segment.flags);
    for (const Window& window : segment.windows) {
      const auto reason = discard_reason(window, recording.header.profile);
      if (!reason.empty()) flags.raise(std::string(reason));
    }
    if (recording.header.profile.strict && !segment.notes.empty()) flags.raise("PREFLIGHT");
  }
  // Segments but the last were cut off; only what the last one says is its end.
  if (recording.segments.back().lease_lost) flags.raise("LEASE_LOST");
  if (recording.segments.size() > 1) flags.raise("RESUMED");
}

std::string verdict(const Recording& recording, const Flags& flags, bool power_invalid) {
  const auto windows = static_cast<double>(recording.windows());
  const auto discarded = static_cast<double>(recording.discarded());
  const bool invalid = flags.has("LEASE_LOST") || flags.has("IMPOSSIBLE") || power_invalid ||
                       discarded > kMostDiscarded * windows;
  if (invalid) return "INVALID";
  // A measurement that was cut off and went on is as good as any; the flag tells of it.
  const auto& names = flags.names();
  const bool only_resumed = names.size() == 1 && names.front() == "RESUMED";
  return names.empty() || only_resumed ? "VALID" : "FLAGGED";
}

}  // namespace

Json make_record(const Recording& recording, const std::string& raw_sha256, uint64_t raw_bytes) {
  const RecordingHeader& header = recording.header;
  LatencySummary latency = summarise_latency(recording);
  const PowerSummary power = summarise_power(recording);
  Flags flags;
  flags.raise(latency.flags);
  raise_session_flags(recording, flags);
  flags.raise(power.flags);
  flags.raise(physics_flags(recording, latency.latency["median_s"].get<double>()));
  if (const auto observer = observer_effect(recording)) {
    latency.latency["observer"] = {{"effect", observer->effect},
                                   {"low", observer->low},
                                   {"high", observer->high},
                                   {"blocks", observer->blocks}};
    if (observer->harmful()) flags.raise("OBSERVER");
  }
  Json json = {{"format", "edgetran.measurement/2"},
               {"kind", header.modelled ? "modelled" : "measured"},
               {"profile", header.profile.name},
               {"device", header.device},
               {"deployment", header.deployment},
               {"latency", latency.latency},
               {"energy", power.energy},
               {"power", power.power}};
  if (power.energy.is_null()) json["reason"] = power.reason;
  json["memory"] = memory_json(recording);
  json["flags"] = flags.names();
  json["verdict"] = verdict(recording, flags, power.invalid);
  json["raw"] = {{"path", nullptr}, {"sha256", raw_sha256}, {"bytes", raw_bytes}};
  json["provenance"] = provenance(recording);
  return json;
}

}  // namespace edgetran::profile
