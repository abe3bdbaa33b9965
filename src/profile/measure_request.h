#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "profile/profiles.h"
#include "profile/recording.h"
#include "profile/runtime.h"

namespace edgetran::profile {

/// What a deployment may ask for.
inline constexpr int64_t kMaxBatch = 4096;
inline constexpr int64_t kMaxLength = 65536;

/// The verb `measure` as the agent understands it (docs/protocol.md).
struct AgentMeasure {
  enum class Mode { kLatency, kOutputs, kConvert };
  Mode mode = Mode::kLatency;
  std::string model;       ///< SHA-256 of a model that was put
  std::string runtime;     ///< name of a runtime of this agent
  std::string device;      ///< label for the record
  std::string deployment;  ///< label for the record
  RunSettings settings;    ///< kLatency, kOutputs
  base::Json law;          ///< as it came; null: none
  // kLatency only:
  Profile profile;
  int64_t vocabulary = 0;
  int64_t seed = 0;
  int64_t model_bytes = 0;  ///< of a model that a law stands for; one that was put has its own
  std::optional<ModelCost> cost;
  base::Json environment;  ///< of the card; null: none
  /// Time between values of a meter that the client reads; 0: not known.
  std::optional<double> meter_update_s;
  bool resume = false;  ///< the blob holds raw samples to go on from
};

/// Strict reading: ranges, choices and unknown keys are usage errors that say where.
base::Result<AgentMeasure> read_measure(const base::Json& body);

}  // namespace edgetran::profile
