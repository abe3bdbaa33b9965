#include "profile/session.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/clock.h"
#include "profile/median_interval.h"
#include "profile/memory.h"
#include "profile/power_summary.h"
#include "profile/power_windows.h"
#include "profile/recording_text.h"
#include "profile/session_power.h"
#include "profile/statistics.h"
#include "profile/steady.h"

namespace edgetran::profile {

namespace {

/// The share of the time limit that a warm-up of a slow model may take.
constexpr double kWarmUpShare = 1.0 / 3;
/// Steadiness is looked at so often in a warm-up: each look reads all recent samples, and between
/// looks the runs follow each other as closely as they will in the windows.
constexpr double kLooks = 20;
/// What is left where a limit is over: a limit of 0 would be none.
constexpr double kTinyS = 1e-9;
/// Windows are made longer for slow sensors up to this: one that is renewed more seldom than every
/// second (a laptop's battery) would want hours. Its edges are stated instead.
constexpr double kLongestPoweredWindow_s = 240;
/// A phase of waiting looks so often whether it should end.
constexpr double kWaitSlice_s = 0.25;
/// Cool again (profiling.md, section 3); without a thermometer so long has to do.
constexpr double kCool_c = 2, kCoolBlind_s = 10;
/// Windows of the observer's test: short, so that drift of the machine falls out of the pairs.
constexpr double kObserver_s = 0.1;
constexpr int64_t kObserverRuns = 5;
/// With longer runs the test would take minutes, and a sampler's share of them is nothing.
constexpr double kLongestObserved_s = 0.2;
/// Enough to fill every buffer of an engine.
constexpr int kMemoryRuns = 3;

int64_t major_faults() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_majflt : 0;
}

class Session {
 public:
  Session(Runtime& runtime, SessionRequest request, PowerPlan power, const SessionContext& context)
      : runtime_(runtime),
        clock_(runtime.clock()),
        request_(std::move(request)),
        profile_(request_.profile),
        context_(context),
        segment_(request_.preflight),
        begin_s_(clock_.now_s()),
        power_(std::move(power), clock_, begin_s_, segment_) {
    if (!runtime_.modelled_time()) segment_.clock_s = begin_s_;
    if (request_.earlier == nullptr) return;
    for (const Segment& segment : request_.earlier->segments) {
      for (const Window& window : segment.windows) {
        runs_ += window.seconds.size();
        if (discard_reason(window, profile_).empty()) count(segment, window);
      }
    }
  }

  base::Result<Segment> run() {
    raw(encode_segment(segment_, request_.earlier ? request_.earlier->segments.size() : 0));
    start_thermal_ = thermal();
    EDGETRAN_TRY(power_.start());
    const auto status = phases();
    power_.stop();
    if (!status) return base::fail(status.error());
    raw(encode_end(segment_));
    segment_.ended = true;
    return std::move(segment_);
  }

 private:
  base::Status phases() {
    EDGETRAN_TRY(idle("idle_unloaded", profile_.idle_unloaded_s, segment_.idle_unloaded));
    EDGETRAN_TRY(load());
    limit_from_s_ = clock_.now_s();
    EDGETRAN_TRY(idle("idle_loaded", profile_.idle_loaded_s, segment_.idle_loaded));
    announce("first", 0);
    EDGETRAN_ASSIGN(const auto first, run_for({}));
    segment_.first_s = first[0];
    announce("warm_up", 0);
    EDGETRAN_TRY(warm_up());
    raw(power_.drain() + encode_warm_up(segment_));
    EDGETRAN_TRY(measure());
    if (segment_.lease_lost) return {};
    EDGETRAN_TRY(idle("idle_after", profile_.idle_after_s, segment_.idle_after));
    EDGETRAN_TRY(observe());
    EDGETRAN_TRY(memory());
    return cool_down(profile_.cool_down_max_s, false);
  }

  void announce(const char* phase, size_t index) {
    context_.events.emit({"phase", {{"phase", phase}, {"index", index}}});
  }

  void raw(const std::string& lines) const {
    if (context_.raw && !lines.empty()) context_.raw(lines);
  }

  ThermalState thermal() const { return context_.thermal ? context_.thermal() : ThermalState{}; }
  double now_s() const { return clock_.now_s() - begin_s_; }

  /// Times of a run that a clock gave which went backwards are no times.
  base::Result<std::vector<double>> run_for(const RunGoal& goal) {
    EDGETRAN_ASSIGN(auto seconds, model_->run_until(goal, clock_, context_.cancel));
    for (const double s : seconds) {
      if (std::isfinite(s) && s >= 0) continue;
      return base::fail(base::ErrorCategory::kDevice,
                        fmt::format("the clock went backwards: a run took {:g} s", s),
                        "measure again; a machine whose monotonic clock does this cannot measure");
    }
    if (seconds.empty()) {
      return base::fail(base::ErrorCategory::kDevice, "the runtime ran nothing");
    }
    return seconds;
  }

  /// Whether the session may go on; a lost lease ends it.
  bool holds_lease() {
    if (!context_.lease_holds || context_.lease_holds()) return true;
    segment_.lease_lost = true;
    return false;
  }

  /// Sleeps in slices; kInterrupted on cancel, the lease's end ends it early.
  base::Status wait_until(double deadline_s) {
    while (now_s() < deadline_s) {
      if (context_.cancel.requested()) {
        return base::fail(base::ErrorCategory::kInterrupted, "measuring was cancelled");
      }
      if (!holds_lease()) return {};
      clock_.sleep_until(begin_s_ + std::min(deadline_s, now_s() + kWaitSlice_s));
    }
    return {};
  }

  /// A phase without work, again and longer while its power is noisy.
  base::Status idle(const char* name, double seconds, std::optional<TimeSpan>& phase) {
    const bool metered = power_.present() || request_.meter_update_s.has_value();
    if (!metered || seconds <= 0) return {};
    announce(name, 0);
    for (double spent_s = 0;;) {
      const double start_s = power_.begin();
      EDGETRAN_TRY(wait_until(start_s + seconds));
      phase = power_.end(start_s);
      raw(power_.drain());
      spent_s += seconds;
      if (segment_.lease_lost || spent_s + seconds > profile_.idle_max_s || !noisy(*phase)) break;
    }
    raw(encode_span(name, *phase));
    return {};
  }

  bool noisy(const TimeSpan& span) const {
    const auto total = primary_total(segment_, request_.settings.accelerator);
    if (!total) return false;
    const auto idle = idle_power(segment_, segment_.totals[*total], span);
    return idle && idle->variation > kNoisyIdle;
  }

  base::Status load() {
    announce("load", 0);
    reset_peak_memory();
    before_bytes_ = resident_bytes();
    const double start_s = power_.begin();
    const double load_from_s = clock_.now_s();
    EDGETRAN_ASSIGN(model_, runtime_.load(request_.model, request_.settings));
    segment_.load_s = clock_.now_s() - load_from_s;
    segment_.load = power_.end(start_s);
    segment_.in_effect = model_->settings_in_effect();
    raw(power_.drain() + encode_span("load", *segment_.load));
    return set_inputs();
  }

  base::Status set_inputs() {
    EDGETRAN_ASSIGN(const auto inputs,
                    seeded_inputs(model_->inputs(), request_.vocabulary,
                                  base::RandomStream(request_.seed, "measure.inputs")));
    return model_->set_inputs(inputs);
  }

  /// Runs up to the next look at steadiness, or to the limit of what a warm-up may take.
  base::Status warm_up() {
    auto& seconds = segment_.warm_up;
    const double start_s = clock_.now_s();
    const double share_s =
        profile_.limit_s > 0 ? profile_.limit_s * kWarmUpShare : profile_.warm_up_max_s;
    const double limit_s = std::min(profile_.warm_up_max_s, share_s);
    double next_look_s = profile_.warm_up_min_s;
    while (true) {
      const double elapsed_s = clock_.now_s() - start_s;
      RunGoal goal;
      goal.runs =
          std::max<int64_t>(1, profile_.warm_up_min_runs - static_cast<int64_t>(seconds.size()));
      goal.seconds = next_look_s - elapsed_s;
      goal.limit_s = std::max(share_s - elapsed_s, kTinyS);
      EDGETRAN_ASSIGN(const auto runs, run_for(goal));
      seconds.insert(seconds.end(), runs.begin(), runs.end());
      const double spent_s = clock_.now_s() - start_s;
      if (spent_s >= limit_s || is_steady(seconds)) return {};
      next_look_s = spent_s + profile_.warm_up_max_s / kLooks;
    }
  }

  base::Status measure() {
    int64_t retries = profile_.throttle_retries;
    while (!finished()) {
      if (!holds_lease()) return {};
      announce("window", segment_.windows.size());
      EDGETRAN_TRY(window());
      if (discard_reason(segment_.windows.back(), profile_).empty()) {
        count(segment_, segment_.windows.back());
      } else if (retries-- > 0) {
        EDGETRAN_TRY(cool_down(profile_.cool_down_max_s, true));
      }
    }
    return {};
  }

  /// One window: its least time and runs, or less at the session's limit.
  base::Status window() {
    Window window;
    RunGoal goal;
    goal.runs = profile_.window_min_runs;
    const double update_s =
        std::max(power_.slowest_update_s(), request_.meter_update_s.value_or(0));
    goal.seconds = std::max(
        profile_.window_min_s,
        std::min(static_cast<double>(profile_.window_updates) * update_s, kLongestPoweredWindow_s));
    if (profile_.limit_s > 0) {
      goal.limit_s = std::max(profile_.limit_s - (clock_.now_s() - limit_from_s_), kTinyS);
    }
    goal.least_runs = static_cast<int64_t>(kMinimumForInterval) - static_cast<int64_t>(runs_);
    window.before = thermal();
    const int64_t faults = major_faults();
    const double start_s = power_.begin();
    EDGETRAN_ASSIGN(window.seconds, run_for(goal));
    window.span = power_.end(start_s);
    window.major_faults = runtime_.modelled_time() ? 0 : major_faults() - faults;
    window.after = thermal();
    runs_ += window.seconds.size();
    raw(power_.drain() + encode_window(window));
    segment_.windows.push_back(std::move(window));
    return {};
  }

  /// Takes a good window into what decides about the end.
  void count(const Segment& segment, const Window& window) {
    measured_.insert(measured_.end(), window.seconds.begin(), window.seconds.end());
    measured_s_ += window.span.length_s();
    ++counted_;
    const auto total = primary_total(segment, request_.settings.accelerator);
    if (!total) return;
    const WindowEnergy energy = total_energy(segment, segment.totals[*total], window.span);
    if (energy.fault != WindowFault::kNone) return;
    joules_.push_back(energy.energy_j / static_cast<double>(window.seconds.size()));
  }

  bool out_of_time() const {
    return profile_.limit_s > 0 && clock_.now_s() - limit_from_s_ >= profile_.limit_s;
  }

  bool finished() const {
    if (runs_ < kMinimumForInterval) return false;
    const auto windows = static_cast<int64_t>(segment_.windows.size());
    if (out_of_time() || (profile_.max_windows > 0 && windows >= profile_.max_windows)) return true;
    if (counted_ < profile_.min_windows || measured_s_ < profile_.windows_min_s) return false;
    if (static_cast<int64_t>(measured_.size()) < profile_.min_samples) return false;
    if (relative_half_width(*median_interval(measured_), median(measured_)) > profile_.half_width) {
      return false;
    }
    if (profile_.energy_half_width <= 0 || joules_.empty()) return true;
    return energy_half_width(joules_).value_or(1) <= profile_.energy_half_width;
  }

  /// Short windows with and without the sampler, in the order A B B A.
  base::Status observe() {
    const bool slow = !measured_.empty() && median(measured_) > kLongestObserved_s;
    if (!power_.present() || slow || segment_.lease_lost) return {};
    if (profile_.observer_blocks > 0) announce("observer", 0);
    for (int64_t i = 0; i < 4 * profile_.observer_blocks; ++i) {
      if (!holds_lease()) return {};
      ObserverWindow window;
      window.sampling = i % 4 == 0 || i % 4 == 3;
      power_.pause(!window.sampling);
      EDGETRAN_ASSIGN(window.seconds, run_for({.runs = kObserverRuns, .seconds = kObserver_s}));
      raw(encode_observer(window));
      segment_.observer.push_back(std::move(window));
    }
    power_.pause(false);
    raw(power_.drain());
    return {};
  }

  /// Memory in a pass of its own where the profile wants one and this process runs the model.
  base::Status memory() {
    if (segment_.lease_lost) return {};
    MemoryFigures memory;
    memory.peak_rss_bytes = model_->peak_memory_bytes();
    memory.accelerator_bytes = model_->accelerator_bytes();
    const bool elsewhere = memory.peak_rss_bytes.has_value();
    if (!elsewhere && profile_.memory_pass) {
      announce("memory", 0);
      model_.reset();
      reset_peak_memory();
      memory.before_bytes = resident_bytes();
      EDGETRAN_ASSIGN(model_, runtime_.load(request_.model, request_.settings));
      EDGETRAN_TRY(set_inputs());
      const auto loaded = resident_bytes();
      for (int i = 0; i < kMemoryRuns; ++i) EDGETRAN_TRY(model_->run());
      const auto ran = resident_bytes();
      if (loaded && ran) memory.activation_bytes = *ran > *loaded ? *ran - *loaded : 0;
      memory.proportional_bytes = proportional_bytes();
      memory.own_pass = true;
    } else if (!elsewhere) {
      memory.before_bytes = before_bytes_;
    }
    if (!elsewhere) memory.peak_rss_bytes = peak_memory_bytes();
    segment_.memory = memory;
    raw(encode_memory(memory));
    return {};
  }

  /// Until the machine is within 2 degrees of how it began. `blind`: without a thermometer waits
  /// a fixed time.
  base::Status cool_down(double most_s, bool blind) {
    if (most_s <= 0 || !start_thermal_.temperature_c) {
      return blind ? wait_until(now_s() + std::min(most_s, kCoolBlind_s)) : base::Status();
    }
    const double cool_c = *start_thermal_.temperature_c + kCool_c;
    const double until_s = now_s() + most_s;
    const auto hot = [&] { return thermal().temperature_c.value_or(cool_c) > cool_c; };
    if (hot()) announce("cool_down", 0);
    while (now_s() < until_s && !segment_.lease_lost && hot()) {
      EDGETRAN_TRY(wait_until(std::min(until_s, now_s() + kWaitSlice_s)));
    }
    return {};
  }

  Runtime& runtime_;
  base::Clock& clock_;
  SessionRequest request_;
  const Profile& profile_;
  const SessionContext& context_;
  Segment segment_;
  double begin_s_;
  SessionPower power_;
  std::unique_ptr<CompiledModel> model_;
  ThermalState start_thermal_;
  std::optional<uint64_t> before_bytes_;
  double limit_from_s_ = 0;
  // Of windows that count, those of earlier segments too:
  std::vector<double> measured_;  ///< runs
  std::vector<double> joules_;    ///< of a run, by window
  double measured_s_ = 0;
  int64_t counted_ = 0;
  size_t runs_ = 0;
};

}  // namespace

base::Result<Segment> run_session(Runtime& runtime, SessionRequest request, PowerPlan power,
                                  const SessionContext& context) {
  return Session(runtime, std::move(request), std::move(power), context).run();
}

}  // namespace edgetran::profile
