#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/event.h"
#include "base/random.h"
#include "base/result.h"
#include "profile/profiles.h"
#include "profile/runtime.h"
#include "profile/samples.h"

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
};

struct SessionResult {
  Samples samples;
  uint64_t peak_memory_bytes = 0;  ///< of the process, or as the runtime's law has it
  bool lease_lost = false;         ///< ended early; what is there is INVALID
};

/// Hooks into what surrounds a session.
struct SessionContext {
  base::EventSink& events;  ///< "phase" {phase, index}, only between phases and windows
  base::CancelToken cancel;
  /// Asked between windows; false ends the session.
  std::function<bool()> lease_holds;
};

/// One measurement without sensors (profiling.md, section 3): load, first, warm-up, windows, all
/// timed on the runtime's clock. Ends by the profile's rules: converged after its windows, or at
/// its time limit, but never with fewer runs than give an interval. Errors of the runtime pass
/// through; kInterrupted on cancel.
base::Result<SessionResult> run_session(Runtime& runtime, const SessionRequest& request,
                                        const SessionContext& context);

}  // namespace edgetran::profile
