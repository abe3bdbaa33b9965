#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "device/board.h"
#include "device/card.h"

namespace edgetran::device {

/// What a simulated board takes for a model.
struct RooflineTimes {
  double run_s = 0;           ///< mean of one inference
  double load_s = 0;          ///< reading and compiling
  uint64_t memory_bytes = 0;  ///< model and peak activation
};

/// The roofline law (Williams, Waterman and Patterson, CACM 52(4), 2009), with a launch time:
///   run_s = nodes * launch_overhead_s + max(flops / peak, bytes / bandwidth)
/// peak = peak_flop_per_s * compute * (1 + (threads - 1) * thread_efficiency); bytes = bytes_moved
/// * the precision's factor. load_s = model_bytes / load_bytes_per_s. kUsage: a precision without a
/// law, or negative costs.
base::Result<RooflineTimes> roofline(const SimulatedBoardLaw& law, const Deployment& deployment,
                                     const CostSummary& cost, uint64_t model_bytes);

}  // namespace edgetran::device
