#include "device/silence.h"

#include <algorithm>

#include "device/agent_client.h"
#include "profile/profiles.h"

namespace edgetran::device {

namespace {

/// The longest window for the sake of a slow sensor (session.cc).
constexpr double kLongestPoweredWindow_s = 240;
/// No event comes out of a model's loading: OpenVINO compiles for small accelerators for minutes.
/// What is not loaded after ten on top of a phase is taken for hung.
constexpr double kLongestLoad_s = 600;
/// A warm-up ends at the first look after its limit, and looks twenty times.
constexpr double kWarmUpOver = 1.05;

}  // namespace

Silence::Silence(const std::string& profile) {
  for (const std::string& name : profile::profile_names()) {
    const bool unknown = !profile::find_profile(profile);
    if (!unknown && name != profile) continue;
    const auto row = profile::find_profile(name).value();
    phase_s_ = std::max({phase_s_, kLongestPoweredWindow_s, row.window_min_s, row.idle_max_s,
                         row.cool_down_max_s, kWarmUpOver * row.warm_up_max_s});
    runs_ = std::max({runs_, row.window_min_runs, row.warm_up_min_runs});
  }
}

void Silence::heard(const base::Event& event, double now_s) {
  // What follows the phase "first" ends it.
  if (first_from_s_) first_run_s_ = now_s - *first_from_s_;
  first_from_s_.reset();
  const bool first = event.name == "phase" && event.fields.value("phase", base::Json()) == "first";
  if (first) first_from_s_ = now_s;
}

double Silence::bound_s() const {
  // The lease: a client that is late with its renewal is waited for.
  return phase_s_ + kLongestLoad_s + kLease_s + static_cast<double>(runs_) * first_run_s_;
}

}  // namespace edgetran::device
