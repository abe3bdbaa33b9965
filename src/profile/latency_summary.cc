#include "profile/latency_summary.h"

#include <limits>
#include <map>
#include <numeric>

#include "profile/median_interval.h"
#include "profile/statistics.h"
#include "profile/steady.h"

namespace edgetran::profile {

namespace {

using base::Json;

/// Three ticks of CLOCK_MONOTONIC at its usual resolution of a microsecond between two reads.
constexpr double kOutlierFloorS = 3e-6;
/// A share of outliers above which the reader is told; single ones are normal on a busy system.
constexpr double kManyOutliers = 0.05;

Json quantile_or_null(const std::vector<double>& seconds, double share, size_t minimum) {
  return seconds.size() < minimum ? Json(nullptr) : Json(quantile(seconds, share));
}

/// {"THROTTLED": 2}: windows that do not count, by cause.
Json discarded_json(const Recording& recording) {
  std::map<std::string, size_t> causes;
  for (const Segment& segment : recording.segments) {
    for (const Window& window : segment.windows) {
      const auto cause = discard_reason(window, recording.header.profile);
      if (!cause.empty()) ++causes[std::string(cause)];
    }
  }
  return causes.empty() ? Json::object() : Json(causes);
}

}  // namespace

LatencySummary summarise_latency(const Recording& recording) {
  const Profile& profile = recording.header.profile;
  const Segment& first = recording.segments.front();
  const std::vector<double> measured = recording.measured();
  EDGETRAN_CHECK(!measured.empty(), "a session without a measured run");
  const double middle = median(measured);
  const auto interval = median_interval(measured);
  const auto strange = outliers(measured, kOutlierFloorS);
  const double half_width =
      interval ? relative_half_width(*interval, middle) : std::numeric_limits<double>::infinity();
  LatencySummary summary;
  summary.latency = {
      {"median_s", middle},
      {"low_s", interval ? Json(interval->low) : Json(nullptr)},
      {"high_s", interval ? Json(interval->high) : Json(nullptr)},
      {"p90_s", quantile_or_null(measured, 0.9, kMinimumForP90)},
      {"p99_s", quantile_or_null(measured, 0.99, kMinimumForP99)},
      {"n", measured.size()},
      {"load_s", first.load_s},
      {"first_s", first.first_s},
      {"warm_up_runs", first.warm_up.size()},
      {"warm_up_s", std::accumulate(first.warm_up.begin(), first.warm_up.end(), 0.0)},
      {"windows", recording.windows()},
      {"discarded", discarded_json(recording)},
      {"half_width", interval ? Json(half_width) : Json(nullptr)},
      {"variation", coefficient_of_variation(measured)},
      {"outliers", strange.size()},
  };
  if (measured.size() < kMinimumForP99) summary.latency["p99_reason"] = "n too small";
  if (measured.size() < kMinimumForP90) summary.latency["p90_reason"] = "n too small";
  const auto n = static_cast<int64_t>(measured.size());
  if (half_width > profile.half_width || n < profile.min_samples) {
    summary.flags.emplace_back("UNCONVERGED");
  }
  if (level_moved(measured, profile.drift)) summary.flags.emplace_back("NOT_STEADY");
  if (static_cast<double>(strange.size()) > kManyOutliers * static_cast<double>(n)) {
    summary.flags.emplace_back("OUTLIERS");
  }
  return summary;
}

}  // namespace edgetran::profile
