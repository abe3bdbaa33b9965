#include "profile/power_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "profile/calibration.h"
#include "profile/power_gates.h"
#include "profile/power_plan.h"
#include "profile/power_reasons.h"
#include "profile/power_windows.h"
#include "profile/student_t.h"
#include "profile/window_parts.h"

namespace edgetran::profile {

namespace {

using base::Json;

constexpr std::array<double, 3> kBandwidths_s = {0.01, 0.1, 1};
/// Baseline drift above this share of net power is flagged (profiling.md, section 3).
constexpr double kBaselineDrift = 0.05;
/// A share of windows without energy above which the energy is no figure of the measurement.
constexpr double kMostFaults = 0.1;
/// The platform holds its package: more than both registers' rounding is impossible.
constexpr double kContainment = 1.02;
constexpr double kQuantile95 = 0.975;

/// One window that counts, with its energy and the baseline's below it.
struct PoweredWindow {
  const Segment* segment = nullptr;
  TimeSpan span;
  WindowEnergy energy;
  double runs = 0;
  double idle_j = 0;
};

/// Half-width of a 95 % interval of the mean.
double student_half_width(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return student_t_quantile(kQuantile95, n - 1) * std::sqrt(squares / (n - 1) / n);
}

/// The figures of one boundary over a recording.
class BoundarySummary {
 public:
  BoundarySummary(const Recording& recording, Boundary boundary)
      : recording_(recording), boundary_(boundary) {
    for (const Segment& segment : recording.segments) add(segment);
  }

  bool has_energy() const { return runs_ > 0; }
  size_t windows() const { return windows_.size() + faults(); }
  size_t faults() const {
    size_t count = 0;
    for (const auto& [name, windows] : faults_) count += windows;
    return count;
  }
  std::string fault_text() const {
    std::vector<std::string> parts;
    parts.reserve(faults_.size());
    for (const auto& [name, count] : faults_) parts.push_back(fmt::format("{} {}", count, name));
    return fmt::format("{}", fmt::join(parts, ", "));
  }
  double mean_w() const { return gross_j_ / time_s_; }

  Json energy() const {
    const double gross_j = gross_j_ / runs_;
    const Parts gross = gross_parts();
    Json json = {{"gross_j", gross_j},
                 {"gross_low_j", gross_j - gross.half_width_j()},
                 {"gross_high_j", gross_j + gross.half_width_j()},
                 {"net_j", nullptr},
                 {"low_j", gross_j - gross.half_width_j()},
                 {"high_j", gross_j + gross.half_width_j()},
                 {"boundary", boundary_name(boundary_)}};
    if (baselined_) {
      const double net_j = (gross_j_ - idle_j_) / runs_;
      const Parts net = net_parts(gross, gross_j, net_j);
      json["net_j"] = net_j;
      json["low_j"] = net_j - net.half_width_j();
      json["high_j"] = net_j + net.half_width_j();
      json["uncertainty"] = net.json();
    } else {
      json["net_reason"] = "the power without work was not measured";
      json["uncertainty"] = gross.json();
    }
    json["gross_uncertainty"] = gross.json();
    json["gain_known"] = gain_known_;
    json["edge_bound"] = edge_bound_ ? Json(*edge_bound_) : Json(nullptr);
    json["windows"] = windows_.size();
    json["faults"] = faults_;
    json["idle_unloaded_w"] = idle_json(&Segment::idle_unloaded);
    json["idle_loaded_w"] = idle_json(&Segment::idle_loaded);
    json["idle_after_w"] = idle_json(&Segment::idle_after);
    json["load_j"] = load_json();
    json["sensors"] = sensors_;
    return json;
  }

  Json power() const {
    Json peaks = Json::array();
    for (const auto& [bandwidth_s, peak] : peaks_) {
      Json one = {{"bandwidth_s", bandwidth_s}, {"value_w", peak.value_w}};
      if (!peak.exact) one["bound"] = "sum of the sensors' peaks";
      peaks.push_back(one);
    }
    return {{"mean_w", mean_w()},
            {"idle_w", baselined_ ? Json(idle_j_ / time_s_) : Json(nullptr)},
            {"peak_w", peaks},
            {"boundary", boundary_name(boundary_)}};
  }

  void flags(std::vector<std::string>& flags) const {
    const auto raise = [&flags](const std::string& flag) {
      if (std::find(flags.begin(), flags.end(), flag) == flags.end()) flags.push_back(flag);
    };
    if (!faults_.empty()) raise("SENSOR_FAULT");
    if (noisy_) raise("IDLE_NOISY");
    if (baselined_ && drift_w_ > kBaselineDrift * std::abs(mean_w() - idle_j_ / time_s_)) {
      raise("BASELINE_DRIFT");
    }
    std::vector<PowerWindow> windows;
    windows.reserve(windows_.size());
    for (const PoweredWindow& window : windows_) {
      windows.push_back({window.span.length_s(), window.energy});
    }
    std::vector<PeakPower> peaks;
    peaks.reserve(peaks_.size());
    for (const auto& [bandwidth_s, peak] : peaks_) peaks.push_back({bandwidth_s, peak.value_w});
    for (const auto& flag : power_flags({.windows = windows,
                            .idle_w = baselined_ ? idle_j_ / time_s_ : 0,
                            .idle_sigma_w = idle_sigma_w_,
                            .peaks = peaks,
                            .rating_w = rating_w_})) {
      raise(flag);
    }
    const double asked = recording_.header.profile.energy_half_width;
    const auto reached = energy_half_width(joules_per_run(false));
    if (asked > 0 && (!reached || *reached > asked)) raise("UNCONVERGED");
  }

 private:
  /// The half-widths that an energy's interval is made of.
  struct Parts {
    double statistics_j = 0, edges_j = 0, gain_j = 0;
    std::optional<double> baseline_j;  ///< of net energy
    double half_width_j() const {
      return std::hypot(std::hypot(statistics_j, edges_j), gain_j, baseline_j.value_or(0));
    }
    Json json() const {
      return {{"statistics_j", statistics_j},
              {"edges_j", edges_j},
              {"gain_j", gain_j},
              {"baseline_j", baseline_j ? Json(*baseline_j) : Json(nullptr)}};
    }
  };

  Parts gross_parts() const {
    return {.statistics_j = statistics(false),
            .edges_j = std::sqrt(edge_squares_) / runs_,
            .gain_j = gain_j_ / runs_,
            .baseline_j = {}};
  }

  Parts net_parts(const Parts& gross, double gross_j, double net_j) const {
    return {.statistics_j = statistics(true),
            .edges_j = gross.edges_j,
            // One gain for both: that of the difference.
            .gain_j = gross_j > 0 ? gross.gain_j * std::abs(net_j) / gross_j : 0,
            .baseline_j = kHalfWidth95 * std::sqrt(baseline_squares_) / runs_};
  }

  void add(const Segment& segment) {
    const auto total = std::ranges::find(segment.totals, boundary_, &PowerTotal::boundary);
    if (total == segment.totals.end()) return;
    describe(segment, *total);
    const auto baseline = baseline_of(segment, *total);
    double time_s = 0;
    for (const Window& window : segment.windows) {
      if (!discard_reason(window, recording_.header.profile).empty()) continue;
      const WindowEnergy energy = total_energy(segment, *total, window.span);
      if (energy.fault != WindowFault::kNone) {
        ++faults_[std::string(fault_name(energy.fault))];
        continue;
      }
      const double middle_s = (window.span.start_s + window.span.end_s) / 2;
      const double length_s = window.span.length_s();
      windows_.push_back({.segment = &segment,
                          .span = window.span,
                          .energy = energy,
                          .runs = static_cast<double>(window.seconds.size()),
                          .idle_j = baseline ? baseline->power_w(middle_s) * length_s : 0});
      count(windows_.back());
      add_peaks(segment, *total, window.span);
      time_s += length_s;
    }
    if (time_s <= 0) return;
    baselined_ = baselined_ && baseline.has_value();
    if (!baseline) return;
    // The baseline is one for all windows of a segment: its error does not average out.
    const double sigma_j = baseline->sigma_w() * time_s;
    baseline_squares_ += sigma_j * sigma_j;
    idle_sigma_w_ = std::max(idle_sigma_w_, baseline->sigma_w());
    drift_w_ = std::max(drift_w_, std::abs(baseline->drift_w()));
    noisy_ = noisy_ || baseline->before.variation > kNoisyIdle;
  }

  void count(const PoweredWindow& window) {
    runs_ += window.runs;
    gross_j_ += window.energy.energy_j;
    idle_j_ += window.idle_j;
    time_s_ += window.span.length_s();
    edge_squares_ += window.energy.edge_j * window.energy.edge_j;
    gain_j_ += window.energy.gain_j;
  }

  void describe(const Segment& segment, const PowerTotal& total) {
    double rating_w = 0;
    bool rated = true;
    for (const size_t sensor : total.sensors) {
      const PowerTrace& trace = segment.traces[sensor];
      const std::string name = sensor_name(trace.info);
      if (std::ranges::find(sensors_, name) == sensors_.end()) sensors_.push_back(name);
      gain_known_ = gain_known_ && trace.info.gain_error.has_value();
      rated = rated && trace.info.rating_w.has_value();
      rating_w += trace.info.rating_w.value_or(0);
      for (const Window& window : segment.windows) {
        if (window.span.length_s() <= 0) continue;
        const double bound = 2 * trace.update_s / window.span.length_s();
        if (trace.update_s <= 0) edge_bound_.reset();
        if (edge_bound_) edge_bound_ = std::max(*edge_bound_, bound);
      }
    }
    if (rated) rating_w_ = rating_w;
    if (segment.idle_unloaded) {
      const auto idle = idle_power(segment, total, *segment.idle_unloaded);
      noisy_ = noisy_ || (idle && idle->variation > kNoisyIdle);
    }
  }

  void add_peaks(const Segment& segment, const PowerTotal& total, const TimeSpan& span) {
    for (const double bandwidth_s : kBandwidths_s) {
      const auto peak = total_peak(segment, total, span, bandwidth_s);
      if (!peak) continue;
      const auto [at, added] = peaks_.try_emplace(bandwidth_s, *peak);
      if (!added && peak->value_w > at->second.value_w) at->second = *peak;
    }
  }

  std::vector<double> joules_per_run(bool net) const {
    std::vector<double> joules;
    joules.reserve(windows_.size());
    for (const PoweredWindow& window : windows_) {
      joules.push_back((window.energy.energy_j - (net ? window.idle_j : 0)) / window.runs);
    }
    return joules;
  }

  /// With a single window there is no statistic: its whole energy is the half-width.
  double statistics(bool net) const {
    const auto joules = joules_per_run(net);
    return joules.size() < 2 ? std::abs(joules.front()) : student_half_width(joules);
  }

  const PowerTotal* total_of(const Segment& segment) const {
    const auto total = std::ranges::find(segment.totals, boundary_, &PowerTotal::boundary);
    return total == segment.totals.end() ? nullptr : &*total;
  }

  Json idle_json(std::optional<TimeSpan> Segment::*phase) const {
    for (const Segment& segment : recording_.segments) {
      const PowerTotal* total = total_of(segment);
      if (total == nullptr || !(segment.*phase)) continue;
      if (const auto idle = idle_power(segment, *total, *(segment.*phase))) return idle->mean_w;
    }
    return nullptr;
  }

  Json load_json() const {
    for (const Segment& segment : recording_.segments) {
      const PowerTotal* total = total_of(segment);
      if (total == nullptr || !segment.load) continue;
      const WindowEnergy energy = total_energy(segment, *total, *segment.load);
      if (energy.fault == WindowFault::kNone) return energy.energy_j;
    }
    return nullptr;
  }

  const Recording& recording_;
  Boundary boundary_;
  std::vector<PoweredWindow> windows_;
  std::map<std::string, size_t> faults_;
  std::map<double, TotalPeak> peaks_;
  std::vector<std::string> sensors_;
  double runs_ = 0, gross_j_ = 0, idle_j_ = 0, time_s_ = 0;
  double edge_squares_ = 0, gain_j_ = 0, baseline_squares_ = 0;
  double idle_sigma_w_ = 0, drift_w_ = 0;
  std::optional<double> edge_bound_ = 0;  ///< none: a sensor's update period is not known
  std::optional<double> rating_w_;
  bool baselined_ = true, noisy_ = false, gain_known_ = true;
};

std::optional<Boundary> primary_boundary(const Recording& recording) {
  for (const Segment& segment : recording.segments) {
    const auto total = primary_total(segment, recording.header.settings.accelerator);
    if (total) return segment.totals[*total].boundary;
  }
  return std::nullopt;
}

std::vector<Boundary> other_boundaries(const Recording& recording, Boundary primary) {
  std::vector<Boundary> others;
  for (const Segment& segment : recording.segments) {
    for (const PowerTotal& total : segment.totals) {
      if (total.boundary == primary) continue;
      if (std::ranges::find(others, total.boundary) == others.end()) {
        others.push_back(total.boundary);
      }
    }
  }
  return others;
}

/// Counter and gauge on one rail, over the phases without work and all windows.
bool sensors_disagree(const Recording& recording) {
  for (const Segment& segment : recording.segments) {
    for (const SensorPair& pair : segment.pairs) {
      for (const Window& window : segment.windows) {
        const auto agreement =
            compare_rail(segment.traces[pair.counter], segment.traces[pair.gauge],
                         window.span.start_s, window.span.end_s);
        if (agreement && !agreement->agree) return true;
      }
    }
  }
  return false;
}

}  // namespace

std::optional<double> energy_half_width(const std::vector<double>& joules_per_run) {
  if (joules_per_run.size() < 2) return std::nullopt;
  const double mean = std::accumulate(joules_per_run.begin(), joules_per_run.end(), 0.0) /
                      static_cast<double>(joules_per_run.size());
  if (!(mean > 0)) return std::nullopt;
  return student_half_width(joules_per_run) / mean;
}

PowerSummary summarise_power(const Recording& recording) {
  PowerSummary summary;
  const auto primary = primary_boundary(recording);
  if (!primary) {
    summary.reason = reason_without_sensor(recording);
    return summary;
  }
  const BoundarySummary first(recording, *primary);
  summary.invalid =
      static_cast<double>(first.faults()) > kMostFaults * static_cast<double>(first.windows());
  if (!first.has_energy()) {
    summary.reason = reason_without_window(recording, first.fault_text());
    if (first.faults() > 0) summary.flags.emplace_back("SENSOR_FAULT");
    return summary;
  }
  summary.energy = first.energy();
  summary.power = first.power();
  first.flags(summary.flags);
  if (sensors_disagree(recording)) summary.flags.emplace_back("SENSORS_DISAGREE");
  Json others = Json::array();
  for (const Boundary boundary : other_boundaries(recording, *primary)) {
    const BoundarySummary other(recording, boundary);
    if (!other.has_energy()) continue;
    Json json = other.energy();
    json["power"] = other.power();
    others.push_back(json);
    const bool contained = *primary == Boundary::kPsys && boundary == Boundary::kPackage;
    if (contained && other.mean_w() > kContainment * first.mean_w()) {
      summary.flags.emplace_back("IMPOSSIBLE");
    }
  }
  summary.energy["others"] = others;
  return summary;
}

}  // namespace edgetran::profile
