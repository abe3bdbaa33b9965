#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "profile/power_domains.h"
#include "profile/profiles.h"
#include "profile/runtime.h"
#include "profile/sensor.h"
#include "profile/thermal.h"

namespace edgetran::profile {

/// A stretch of time on the session's clock.
struct TimeSpan {
  double start_s = 0;
  double end_s = 0;
  double length_s() const { return end_s - start_s; }
};

/// One measuring window: the seconds of each inference in order, and what else happened.
struct Window {
  TimeSpan span;
  std::vector<double> seconds;
  ThermalState before, after;
  int64_t major_faults = 0;  ///< pages of this process read from disk meanwhile
};

/// Why a window is not counted: "THROTTLED" (unless the profile wants the plateau as it is),
/// "SWAPPING", or empty.
std::string_view discard_reason(const Window& window, const Profile& profile);

/// Runs of one short window of the observer's test.
struct ObserverWindow {
  bool sampling = false;
  std::vector<double> seconds;
};

/// Of the process that runs the model; what is not known is missing.
struct MemoryFigures {
  std::optional<uint64_t> peak_rss_bytes;
  std::optional<uint64_t> proportional_bytes;  ///< resident, shared pages divided by their users
  std::optional<uint64_t> before_bytes;        ///< resident before the model was loaded
  std::optional<uint64_t> activation_bytes;    ///< by which running raised the resident set
  std::optional<uint64_t> accelerator_bytes;
  bool own_pass = false;  ///< measured with a fresh load, apart from the timing
};

/// A counter and a gauge that measure the same; indices of traces.
struct SensorPair {
  size_t counter = 0;
  size_t gauge = 0;
};

/// One unbroken stretch of measuring: all times are on one clock, 0 where it began.
struct Segment {
  double unix_time_s = 0;
  double clock_s = 0;  ///< what the runtime's clock showed at 0; 0: not told, or a modelled clock
  base::Json host;     ///< the machine (host_json), with its load
  std::vector<std::string> notes;  ///< preflight: what may disturb, a sentence each
  std::vector<std::string> flags;  ///< preflight: HOST_BUSY
  std::vector<PowerTrace> traces;
  std::vector<PowerTotal> totals;  ///< of traces
  std::vector<SensorPair> pairs;
  base::Json sensor_notes = base::Json::array();  ///< sensors that were not read, and why

  std::optional<TimeSpan> idle_unloaded, load, idle_loaded, idle_after;
  double load_s = 0;
  double first_s = 0;
  base::Json in_effect;  ///< settings that the engine says it runs with; null: it does not say
  std::vector<double> warm_up;
  std::vector<Window> windows;
  std::vector<ObserverWindow> observer;
  std::optional<MemoryFigures> memory;
  int64_t lost_samples = 0;  ///< that the sampler had no room for, inside windows
  bool lease_lost = false;
  bool ended = false;
};

/// What running the model once costs, counted from its graph.
struct ModelCost {
  int64_t flops = 0;        ///< 2 a multiply-add
  int64_t bytes_moved = 0;  ///< fp32
};

/// What was asked for.
struct RecordingHeader {
  std::string program, version, commit;
  std::string runtime, runtime_version;
  bool modelled = false;
  std::string model;  ///< SHA-256
  uint64_t model_bytes = 0;
  std::string device, deployment;
  base::Json environment;  ///< as the card says it; null where it says nothing
  RunSettings settings;    ///< without its law
  base::Json law;          ///< of a modelled runtime, as it was asked for; else null
  Profile profile;
  int64_t vocabulary = 0;
  uint64_t seed = 0;
  std::optional<ModelCost> cost;
};

/// Everything that was seen in a measurement; its record is computed from this alone.
struct Recording {
  RecordingHeader header;
  std::vector<Segment> segments;  ///< one, and another for each time that it was resumed

  /// Seconds of all inferences in windows that count, in order; where no window counts, of all.
  std::vector<double> measured() const;
  size_t windows() const;    ///< those that count and those that do not
  size_t discarded() const;  ///< those that do not
};

}  // namespace edgetran::profile
