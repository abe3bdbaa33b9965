#include "profile/samples.h"

#include <fmt/core.h>

#include <cmath>
#include <numeric>

#include "profile/median_interval.h"
#include "profile/statistics.h"
#include "profile/steady.h"

namespace edgetran::profile {

namespace {

using base::Json;

constexpr const char* kFormat = "edgetran.samples/1";
/// Three ticks of CLOCK_MONOTONIC at its usual resolution of a microsecond between two reads.
constexpr double kOutlierFloorS = 3e-6;
/// A share of outliers above which the reader is told; single ones are normal on a busy system.
constexpr double kManyOutliers = 0.05;

tl::unexpected<base::Error> corrupt(int line, const std::string& message) {
  return base::fail(base::ErrorCategory::kCorrupt,
                    fmt::format("raw samples, line {}: {}", line, message));
}

base::Result<std::vector<double>> read_seconds(const Json& json, int line) {
  const auto found = json.find("seconds");
  if (found == json.end() || !found->is_array()) return corrupt(line, "\"seconds\" must be a list");
  std::vector<double> seconds;
  for (const Json& value : *found) {
    if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() < 0) {
      return corrupt(line, "a time is not a number of seconds");
    }
    seconds.push_back(value.get<double>());
  }
  return seconds;
}

base::Status take_phase(const Json& json, int line, Samples& samples) {
  const std::string phase = json.value("phase", "");
  EDGETRAN_ASSIGN(auto seconds, read_seconds(json, line));
  const bool single = phase == "load" || phase == "first";
  if (single && seconds.size() != 1) return corrupt(line, "one time was expected");
  if (phase == "load") {
    samples.load_s = seconds[0];
  } else if (phase == "first") {
    samples.first_s = seconds[0];
  } else if (phase == "warm_up") {
    samples.warm_up = std::move(seconds);
  } else if (phase == "window") {
    const auto start = json.find("start_s");
    if (start == json.end() || !start->is_number()) return corrupt(line, "start_s is missing");
    samples.windows.push_back({start->get<double>(), std::move(seconds)});
  } else {
    return corrupt(line, "unknown phase");
  }
  return {};
}

Json quantile_or_null(const std::vector<double>& seconds, double share, size_t minimum) {
  return seconds.size() < minimum ? Json(nullptr) : Json(quantile(seconds, share));
}

}  // namespace

std::vector<double> Samples::measured() const {
  std::vector<double> all;
  for (const Window& window : windows) {
    all.insert(all.end(), window.seconds.begin(), window.seconds.end());
  }
  return all;
}

std::string encode_samples(const Samples& samples) {
  std::string text;
  const auto line = [&text](const Json& json) {
    text += base::dump_json(json);
    text += '\n';
  };
  line({{"format", kFormat}, {"unit", "s"}});
  line({{"phase", "load"}, {"seconds", Json::array({samples.load_s})}});
  line({{"phase", "first"}, {"seconds", Json::array({samples.first_s})}});
  line({{"phase", "warm_up"}, {"seconds", samples.warm_up}});
  for (const Window& window : samples.windows) {
    line({{"phase", "window"}, {"start_s", window.start_s}, {"seconds", window.seconds}});
  }
  return text;
}

base::Result<Samples> decode_samples(std::string_view text) {
  Samples samples;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return corrupt(number, "the last line is cut");
    auto json = base::parse_json(text.substr(0, end), "raw samples");
    text.remove_prefix(end + 1);
    if (!json) return corrupt(number, json.error().message);
    if (!json->is_object()) return corrupt(number, "an object was expected");
    if (number > 1) {
      EDGETRAN_TRY(take_phase(*json, number, samples));
    } else if (json->value("format", Json()) != kFormat) {
      return corrupt(number, fmt::format("the format is not {}", kFormat));
    }
  }
  if (number == 0) return corrupt(1, "the file is empty");
  return samples;
}

LatencySummary summarise(const Samples& samples, const Profile& profile) {
  const std::vector<double> measured = samples.measured();
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
      {"load_s", samples.load_s},
      {"first_s", samples.first_s},
      {"warm_up_runs", samples.warm_up.size()},
      {"warm_up_s", std::accumulate(samples.warm_up.begin(), samples.warm_up.end(), 0.0)},
      {"windows", samples.windows.size()},
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
