#include "device/roofline.h"

#include <algorithm>
#include <cmath>

namespace edgetran::device {

namespace {

using base::ErrorCategory;

base::Result<PrecisionLaw> precision_law(const SimulatedBoardLaw& law,
                                         const Deployment& deployment) {
  for (const PrecisionLaw& candidate : law.precisions) {
    if (candidate.precision == deployment.precision) return candidate;
  }
  return base::fail(ErrorCategory::kUsage,
                    "the simulated board has no law for " + deployment.precision,
                    "add it under law.precisions, or choose another precision");
}

base::Status check_cost(const CostSummary& cost) {
  bool negative = cost.flops < 0 || cost.bytes_moved < 0 || cost.nodes < 0 ||
                  cost.peak_activation_bytes < 0 || cost.working_set_bytes < 0;
  for (const OperatorCost& one : cost.operators) {
    negative = negative || one.flops < 0 || one.bytes_moved < 0;
  }
  if (negative) return base::fail(ErrorCategory::kUsage, "a cost of a model is negative");
  return {};
}

double bandwidth_of(const SimulatedBoardLaw& law, double working_set_bytes) {
  for (const CacheStep& step : law.cache_steps) {
    if (working_set_bytes <= static_cast<double>(step.bytes)) return step.bandwidth_bytes_per_s;
  }
  return law.bandwidth_bytes_per_s;
}

std::vector<OperatorCost> classes_of(const CostSummary& cost) {
  if (!cost.operators.empty()) return cost.operators;
  return {{OperatorClass::kMatrix, cost.flops, cost.bytes_moved}};
}

}  // namespace

base::Result<RooflineTimes> roofline(const SimulatedBoardLaw& law, const Deployment& deployment,
                                     const CostSummary& cost, uint64_t model_bytes,
                                     double clock_share) {
  EDGETRAN_ASSIGN(const PrecisionLaw precision, precision_law(law, deployment));
  EDGETRAN_TRY(check_cost(cost));
  const double cores = 1 + static_cast<double>(deployment.threads - 1) * law.thread_efficiency;
  const double peak = law.peak_flop_per_s * precision.compute * cores * clock_share;
  const int64_t touched = cost.working_set_bytes > 0 ? cost.working_set_bytes : cost.bytes_moved;
  const double bandwidth = bandwidth_of(law, static_cast<double>(touched) * precision.bytes);
  RooflineTimes times;
  times.run_s =
      law.call_overhead_s + static_cast<double>(cost.nodes) * law.launch_overhead_s / clock_share;
  double compute_s = 0, memory_s = 0;
  for (const OperatorCost& one : classes_of(cost)) {
    const double efficiency = law.efficiency[static_cast<size_t>(one.operators)];
    const double computing_s = static_cast<double>(one.flops) / (peak * efficiency);
    const double moving_s = static_cast<double>(one.bytes_moved) * precision.bytes / bandwidth;
    compute_s += computing_s;
    memory_s += moving_s;
    times.run_s += std::max(computing_s, moving_s);
  }
  if (times.run_s > 0) {
    times.compute_share = compute_s / times.run_s;
    times.memory_share = memory_s / times.run_s;
  }
  times.load_s = law.load_overhead_s + static_cast<double>(model_bytes) / law.load_bytes_per_s;
  const double activation_bytes = static_cast<double>(cost.peak_activation_bytes) * precision.bytes;
  times.memory_bytes = model_bytes + static_cast<uint64_t>(activation_bytes);
  return times;
}

double running_power_w(const PowerLaw& law, const Deployment& deployment,
                       const RooflineTimes& times, double clock_share) {
  const double cores_w =
      static_cast<double>(deployment.threads) * (law.core_w + law.compute_w * times.compute_share);
  return law.idle_w + law.loaded_w + law.memory_w * times.memory_share +
         cores_w * std::pow(clock_share, law.clock_exponent);
}

base::Result<profile::SimulatedLaw> simulated_law(const SimulatedBoardLaw& law,
                                                  const Deployment& deployment,
                                                  const CostSummary& cost, uint64_t model_bytes,
                                                  uint64_t seed) {
  EDGETRAN_ASSIGN(const RooflineTimes times, roofline(law, deployment, cost, model_bytes));
  if (times.run_s <= 0) {
    return base::fail(ErrorCategory::kUsage, "the model's counted cost is zero");
  }
  profile::SimulatedLaw result;
  result.mean_s = times.run_s;
  result.noise_share = law.noise_share;
  result.load_s = times.load_s;
  result.memory_bytes = times.memory_bytes;
  result.seed = seed;
  result.noise_correlation = law.noise_correlation;
  result.spike_share = law.spike_share;
  result.spike_factor = law.spike_factor;
  if (!law.power) return result;
  const double clock = law.thermal ? law.thermal->clock_share : 1;
  EDGETRAN_ASSIGN(const RooflineTimes slow, roofline(law, deployment, cost, model_bytes, clock));
  const PowerLaw& power = *law.power;
  result.power =
      profile::SimulatedPower{.idle_w = power.idle_w,
                              .loaded_w = power.idle_w + power.loaded_w,
                              .load_w = power.idle_w + power.core_w,  // one core reads and compiles
                              .run_w = running_power_w(power, deployment, times),
                              .throttled_w = running_power_w(power, deployment, slow, clock)};
  if (law.sensor) result.sensor = *law.sensor;
  if (!law.thermal) return result;
  result.thermal = profile::SimulatedThermal{.ambient_c = law.thermal->ambient_c,
                                             .resistance_c_per_w = law.thermal->resistance_c_per_w,
                                             .time_constant_s = law.thermal->time_constant_s,
                                             .limit_c = law.thermal->limit_c,
                                             .resume_c = law.thermal->resume_c,
                                             .clock_share = law.thermal->clock_share,
                                             .throttled_s = slow.run_s};
  return result;
}

}  // namespace edgetran::device
