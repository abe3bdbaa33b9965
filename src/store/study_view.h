#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace edgetran::store {

/// Named figures in SI units ("accuracy", "latency_s", ...).
using Metrics = std::map<std::string, double>;

struct ObjectiveView {
  std::string name;
  std::string unit;
  bool maximize = false;
};

struct ConstraintView {
  std::string name;
  std::optional<double> min;
  std::optional<double> max;
};

/// A deployment on a board that the study searches over.
struct DeviceView {
  std::string name;
  base::Json card;  ///< as given in study.created
};

/// A finished stage of training of one trial.
struct RungView {
  int64_t rung = 0;
  int64_t tokens = 0;  ///< total since the start
  Metrics metrics;     ///< accuracy, loss, ...
  double seconds = 0;  ///< of this stage
  std::string model;   ///< "sha256:<hex>" of an artefact, or a folder relative to the study
};

/// A trial on a device; `record` as `edgetran measure` gives it (experience.md, "Fixed forms").
struct MeasurementView {
  std::string device;
  base::Json record;
};

struct TrialView {
  int64_t trial = 0;  ///< from 1
  base::Json spec;    ///< our JSON of the spec
  std::string spec_hash;
  std::string state;   ///< waiting|running|complete|stopped|infeasible|failed|abandoned
  std::string reason;  ///< of the state; may be empty
  int64_t parameters = 0;
  int64_t flops = 0;
  std::vector<RungView> rungs;                    ///< ascending
  std::vector<MeasurementView> measurements;      ///< in order of the study's devices
  std::map<std::string, std::string> unmeasured;  ///< device -> why it failed there
};

/// A method outside the search on the same rows, for comparison.
struct BaselineView {
  std::string name;
  Metrics metrics;
  base::Json rows;  ///< what it was run on, as told
};

/// A trial handed over for a device.
struct DeployedView {
  int64_t trial = 0;
  std::string device;
  base::Json files;
  base::Json parity;
  Metrics metrics;
};

/// Everything a report or a table needs to know of a study. Plain data, read from the projection.
struct StudyView {
  std::string name;
  uint64_t seed = 0;
  base::Json config;
  double created_s = 0;  ///< seconds since 1970 UTC
  double updated_s = 0;  ///< of the last event
  std::vector<ObjectiveView> objectives;
  std::vector<ConstraintView> constraints;
  std::vector<DeviceView> devices;
  std::vector<TrialView> trials;  ///< by id
  std::vector<BaselineView> baselines;
  std::vector<DeployedView> deployed;
  bool finished = false;
  base::Json result;  ///< payload of study.finished; null before

  // Health: how much was logged, and only what is wrong.
  std::map<std::string, int64_t> event_counts;  ///< by type
  std::vector<std::string> notes;  ///< torn tail dropped, unknown event types, failed trials, ...
};

/// The trial's last rung, or null.
const RungView* last_rung(const TrialView& trial);
/// The trial's measurement on a device, or null.
const MeasurementView* find_measurement(const TrialView& trial, const std::string& device);
/// The names that pair_metrics() can give beside those of training: of a record's figures, and
/// "parameters" and "flops".
std::vector<std::string> hardware_metric_names();
/// All figures of a trial on a device: parameters, flops, the last rung's metrics, and the record's
/// figures under their flat names (latency_s, energy_j, peak_power_w, memory_bytes) where known.
Metrics pair_metrics(const TrialView& trial, const std::string& device);
/// The flat figures of a measurement record: latency_s (median), latency_low_s, latency_high_s,
/// energy_j (net), energy_low_j, energy_high_j, peak_power_w (largest over bandwidths),
/// memory_bytes (peak resident), model_bytes; absent where the record has none.
Metrics record_metrics(const base::Json& record);

}  // namespace edgetran::store
