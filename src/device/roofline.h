#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "device/card.h"
#include "device/cost_summary.h"
#include "profile/simulated_law.h"

namespace edgetran::device {

/// What a simulated board takes for a model.
struct RooflineTimes {
  double run_s = 0;           ///< mean of one inference
  double load_s = 0;          ///< reading and compiling
  uint64_t memory_bytes = 0;  ///< model and peak activation
  double compute_share = 0;   ///< of run_s in which the cores compute at their roof
  double memory_share = 0;    ///< of run_s in which memory moves bytes at its roof
};

/// The roofline law (Williams, Waterman and Patterson, CACM 52(4), 2009) by classes of operators,
/// with launch times, at a clock of `clock_share` of the full one:
///   run_s = call_overhead_s + nodes * launch_overhead_s / clock
///           + sum over classes of max(flops / (peak * efficiency), bytes / bandwidth)
/// peak = peak_flop_per_s * compute * (1 + (threads - 1) * thread_efficiency) * clock; bytes =
/// bytes_moved * the precision's factor; bandwidth is that of the first cache step which holds the
/// working set, else the main memory's. load_s = load_overhead_s + model_bytes / load_bytes_per_s.
/// kUsage: a precision without a law, or negative costs.
base::Result<RooflineTimes> roofline(const SimulatedBoardLaw& law, const Deployment& deployment,
                                     const CostSummary& cost, uint64_t model_bytes,
                                     double clock_share = 1);

/// What the board draws while it runs so, in watts:
///   idle_w + loaded_w + memory_w * memory_share
///   + threads * (core_w + compute_w * compute_share) * clock_share^clock_exponent
double running_power_w(const PowerLaw& law, const Deployment& deployment,
                       const RooflineTimes& times, double clock_share = 1);

/// The law of one model on one deployment, as the agent's simulated runtime takes it. kUsage as
/// above, and a cost of nothing.
base::Result<profile::SimulatedLaw> simulated_law(const SimulatedBoardLaw& law,
                                                  const Deployment& deployment,
                                                  const CostSummary& cost, uint64_t model_bytes,
                                                  uint64_t seed);

}  // namespace edgetran::device
