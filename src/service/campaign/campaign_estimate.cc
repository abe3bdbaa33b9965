#include "service/campaign/campaign_estimate.h"

#include <algorithm>

namespace edgetran::service {

namespace {

// Assumed, not measured: about those of one x86 core with AVX2 at 3 GHz. A plan needs an order of
// magnitude.
constexpr double kFlopPerS = 3e10;
constexpr double kBytesPerS = 1e10;
/// Drawing weights, writing, hashing, sending and compiling a model, a byte of its fp32 weights.
constexpr double kPreparedBytesPerS = 1.0e8;
constexpr double kFixedS = 0.1;
/// A simulated board computes a few thousand numbers.
constexpr double kSimulatedS = 0.05;

}  // namespace

double estimated_step_s(const CampaignModel& model, const device::Deployment& deployment,
                        device::BoardKind kind, const profile::Profile& profile) {
  const double prepare_s =
      kFixedS + static_cast<double>(model.parameters) * sizeof(float) / kPreparedBytesPerS;
  if (kind == device::BoardKind::kSimulated) return kSimulatedS + prepare_s;
  const double tokens = static_cast<double>(deployment.batch * deployment.length) /
                        static_cast<double>(std::min(kCountedLength, model.spec.positions));
  const double run_s = std::max(static_cast<double>(model.flops) * tokens / kFlopPerS /
                                    static_cast<double>(deployment.threads),
                                static_cast<double>(model.parameters) * sizeof(float) / kBytesPerS);
  const double warm_up_s =
      std::max(profile.warm_up_min_s, static_cast<double>(profile.warm_up_min_runs) * run_s);
  const double window_s =
      std::max(profile.window_min_s, static_cast<double>(profile.window_min_runs) * run_s);
  const double measure_s = warm_up_s + static_cast<double>(profile.min_windows) * window_s;
  return prepare_s + (profile.limit_s > 0 ? std::min(measure_s, profile.limit_s) : measure_s);
}

double remaining_s(const BoardProgress& board) {
  if (board.settled.empty()) return 0;
  double seconds = 0;
  for (const auto& step : board.settled) seconds += step.seconds;
  return seconds / static_cast<double>(board.settled.size()) *
         static_cast<double>(board.steps.size() - board.settled.size());
}

}  // namespace edgetran::service
