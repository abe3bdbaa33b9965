#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "profile/recording.h"

namespace edgetran::profile {

/// What a machine's processor cannot exceed and what it should roughly reach; 0: not known.
struct ProcessorBounds {
  double most_flop_per_s = 0;   ///< of the cores used, at a frequency that none has
  double peak_flop_per_s = 0;   ///< at its base frequency, in 32-bit vectors of its width
  double most_bytes_per_s = 0;  ///< what its cores can load from their first cache
};

/// From the instruction sets and frequency in a host's description (host_json), for `threads`
/// cores.
ProcessorBounds processor_bounds(const base::Json& host, int64_t threads);

/// Gates against physics that need a model's cost (profiling.md, section 6): IMPOSSIBLE where the
/// arithmetic or the bytes could not be done in this time, TOO_SLOW where the arithmetic would need
/// less than 0.5 % of it ("are you timing the load?"). Nothing where the cost or the processor is
/// not known, on a modelled device or another accelerator than the CPU.
std::vector<std::string> physics_flags(const Recording& recording, double median_s);

/// The observer's effect: by how much the sampler slows a run, with its 95 % interval.
struct ObserverEffect {
  double effect = 0;  ///< ratio of the medians minus 1
  double low = 0, high = 0;
  int64_t blocks = 0;
  /// More than 1 %, and no chance.
  bool harmful() const;
};
/// Paired over the blocks A B B A of all segments; nullopt for fewer than two.
std::optional<ObserverEffect> observer_effect(const Recording& recording);

}  // namespace edgetran::profile
