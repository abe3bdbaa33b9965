#include "device/roofline.h"

#include <algorithm>

namespace edgetran::device {

base::Result<RooflineTimes> roofline(const SimulatedBoardLaw& law, const Deployment& deployment,
                                     const CostSummary& cost, uint64_t model_bytes) {
  const auto precision = std::find_if(
      law.precisions.begin(), law.precisions.end(),
      [&](const PrecisionLaw& candidate) { return candidate.precision == deployment.precision; });
  if (precision == law.precisions.end()) {
    return base::fail(base::ErrorCategory::kUsage,
                      "the simulated board has no law for " + deployment.precision);
  }
  if (cost.flops < 0 || cost.bytes_moved < 0 || cost.nodes < 0 || cost.peak_activation_bytes < 0) {
    return base::fail(base::ErrorCategory::kUsage, "a cost of a model is negative");
  }
  const double cores = 1 + static_cast<double>(deployment.threads - 1) * law.thread_efficiency;
  const double compute_s =
      static_cast<double>(cost.flops) / (law.peak_flop_per_s * precision->compute * cores);
  const double memory_s =
      static_cast<double>(cost.bytes_moved) * precision->bytes / law.bandwidth_bytes_per_s;
  const double activation_bytes =
      static_cast<double>(cost.peak_activation_bytes) * precision->bytes;
  return RooflineTimes{
      static_cast<double>(cost.nodes) * law.launch_overhead_s + std::max(compute_s, memory_s),
      static_cast<double>(model_bytes) / law.load_bytes_per_s,
      model_bytes + static_cast<uint64_t>(activation_bytes)};
}

}  // namespace edgetran::device
