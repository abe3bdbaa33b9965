#pragma once

#include "profile/simulated_law.h"

namespace edgetran::profile::simulated {

/// A law with round figures: runs of 10 ms at 6 W, 2 W at rest, 3 W with a model.
inline SimulatedLaw plain_law() {
  SimulatedLaw law;
  law.mean_s = 0.01;
  law.load_s = 0.5;
  law.memory_bytes = 1000;
  law.seed = 7;
  law.power =
      SimulatedPower{.idle_w = 2, .loaded_w = 3, .load_w = 4, .run_w = 6, .throttled_w = 4.5};
  return law;
}

/// The same, warming: rest at 35 degrees, running towards 85 with a limit of 80.
inline SimulatedLaw warm_law() {
  SimulatedLaw law = plain_law();
  law.thermal = SimulatedThermal{.ambient_c = 15,
                                 .resistance_c_per_w = 10,
                                 .time_constant_s = 20,
                                 .limit_c = 60,
                                 .resume_c = 58,
                                 .clock_share = 0.5,
                                 .throttled_s = 0.02};
  law.power->throttled_w = 4;
  return law;
}

}  // namespace edgetran::profile::simulated
