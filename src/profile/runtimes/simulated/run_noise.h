#pragma once

#include <cstdint>

#include "base/random.h"
#include "profile/simulated_law.h"

namespace edgetran::profile::simulated {

/// The factors by which runs differ from their mean (SimulatedLaw): a function of the seed and a
/// run's number alone.
class RunNoise {
 public:
  explicit RunNoise(const SimulatedLaw& law);
  double next();

 private:
  double share_, correlation_, spike_share_, spike_factor_;
  base::RandomStream stream_;
  uint64_t run_ = 0;
  double last_ = 0;
};

}  // namespace edgetran::profile::simulated
