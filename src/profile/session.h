#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/event.h"
#include "base/random.h"
#include "base/result.h"
#include "profile/power_plan.h"
#include "profile/profiles.h"
#include "profile/recording.h"
#include "profile/runtime.h"

namespace edgetran::profile {

/// Inputs of a measurement: token ids drawn below `vocabulary`, token types 0, every position
/// valid. kUsage: an input with another name or type, or no vocabulary for token ids.
base::Result<std::vector<Tensor>> seeded_inputs(const std::vector<TensorInfo>& infos,
                                                int64_t vocabulary, base::RandomStream stream);

struct SessionRequest {
  std::string_view model;
  RunSettings settings;
  Profile profile;
  int64_t vocabulary = 0;
  uint64_t seed = 0;
  Segment preflight;  ///< what is known of the machine before anything is done
  /// Of a meter that another machine reads: time between its values; 0: not known.
  std::optional<double> meter_update_s{};
  const Recording* earlier = nullptr;  ///< segments that this one goes on from
};

/// Hooks into what surrounds a session.
struct SessionContext {
  base::EventSink& events;  ///< "phase" {phase, index}, only between phases and windows
  base::CancelToken cancel;
  /// Asked between windows; false ends the session.
  std::function<bool()> lease_holds;
  /// Takes the raw lines as they come into being (recording_text.h), only between phases.
  std::function<void(std::string_view lines)> raw;
  /// Read around each window; empty: nothing is known.
  std::function<ThermalState()> thermal;
};

/// One measurement, or the rest of one (profiling.md, section 3): idle phases where power is read,
/// load, first, warm-up, windows, the observer's test, memory; all timed on the runtime's clock.
/// Ends by the profile's rules: converged after its windows, or at its limits, but never with fewer
/// runs than give an interval. Errors of the runtime pass through; kInterrupted on cancel; kDevice
/// where the clock goes backwards.
base::Result<Segment> run_session(Runtime& runtime, SessionRequest request, PowerPlan power,
                                  const SessionContext& context);

}  // namespace edgetran::profile
