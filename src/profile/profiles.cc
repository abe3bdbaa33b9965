#include "profile/profiles.h"

#include <fmt/format.h>

#include <array>

#include "base/config.h"

namespace edgetran::profile {

namespace {

/// For active learning and search: many models, each good enough to be ranked.
Profile quick() {
  return {.name = "quick",
          .warm_up_min_runs = 5,
          .warm_up_min_s = 0.2,
          .warm_up_max_s = 1,
          .min_windows = 5,
          .max_windows = 0,
          .window_min_s = 0.2,
          .window_min_runs = 20,
          .half_width = 0.03,
          .min_samples = 64,
          // A drift inside the interval that is asked for cannot change a ranking.
          .drift = 0.03,
          // With exporting, sending and writing down: three seconds a model beyond its loading.
          .limit_s = 2.5,
          // What is left beside warm-up and five windows.
          .idle_loaded_s = 0.5};
}

Profile standard() {
  return {.name = "standard",
          .warm_up_min_runs = 10,
          .warm_up_min_s = 1,
          .warm_up_max_s = 60,
          .min_windows = 5,
          .max_windows = 30,
          .window_min_s = 2,
          .window_min_runs = 20,
          // Edges are off by at most 2 updates: 1 %.
          .window_updates = 200,
          .half_width = 0.01,
          .energy_half_width = 0.03,
          .min_samples = 64,
          .drift = 0.01,
          .idle_unloaded_s = 30,
          .idle_loaded_s = 15,
          .idle_after_s = 15,
          .idle_max_s = 120,
          .throttle_retries = 3,
          .cool_down_max_s = 300,
          // Twelve pairs: enough to see 1 % where runs scatter by as much.
          .observer_blocks = 6,
          .memory_pass = true};
}

/// For figures that others will quote.
Profile publish() {
  Profile profile = standard();
  profile.name = "publish";
  profile.min_windows = 10;
  profile.window_min_s = 6;
  profile.windows_min_s = 60;
  profile.strict = true;
  return profile;
}

/// The plateau of a board that has worked for minutes: heat-soaked, so that what it throttles to
/// is the figure and no fault.
Profile sustained() {
  Profile profile = standard();
  profile.name = "sustained";
  // Small boards and laptops come to their final temperature in five to fifteen minutes.
  profile.warm_up_min_s = 300;
  profile.warm_up_max_s = 1800;
  profile.min_windows = 10;
  profile.window_min_s = 6;
  profile.windows_min_s = 60;
  profile.throttle_retries = 0;
  profile.keep_throttled = true;
  return profile;
}

const std::array<Profile, 4>& profiles() {
  static const std::array<Profile, 4> kProfiles = {quick(), standard(), publish(), sustained()};
  return kProfiles;
}

}  // namespace

const base::Settings<Profile>& profile_settings() {
  constexpr double kLongest = 1e6;
  constexpr int64_t kMost = 1'000'000;
  static const auto kSettings = [] {
    base::Settings<Profile> settings;
    const auto seconds = [&](const char* name, double Profile::*member) {
      settings.number(name, member, 0, kLongest, "s", "");
    };
    const auto count = [&](const char* name, int64_t Profile::*member) {
      settings.integer(name, member, 0, kMost, "", "");
    };
    const auto share = [&](const char* name, double Profile::*member) {
      settings.number(name, member, 0, 1, "", "");
    };
    settings.string("name", &Profile::name, "");
    count("warm_up_min_runs", &Profile::warm_up_min_runs);
    seconds("warm_up_min_s", &Profile::warm_up_min_s);
    seconds("warm_up_max_s", &Profile::warm_up_max_s);
    count("min_windows", &Profile::min_windows);
    count("max_windows", &Profile::max_windows);
    seconds("window_min_s", &Profile::window_min_s);
    count("window_min_runs", &Profile::window_min_runs);
    count("window_updates", &Profile::window_updates);
    seconds("windows_min_s", &Profile::windows_min_s);
    share("half_width", &Profile::half_width);
    share("energy_half_width", &Profile::energy_half_width);
    count("min_samples", &Profile::min_samples);
    share("drift", &Profile::drift);
    seconds("limit_s", &Profile::limit_s);
    seconds("idle_unloaded_s", &Profile::idle_unloaded_s);
    seconds("idle_loaded_s", &Profile::idle_loaded_s);
    seconds("idle_after_s", &Profile::idle_after_s);
    seconds("idle_max_s", &Profile::idle_max_s);
    count("throttle_retries", &Profile::throttle_retries);
    settings.boolean("keep_throttled", &Profile::keep_throttled, "");
    seconds("cool_down_max_s", &Profile::cool_down_max_s);
    count("observer_blocks", &Profile::observer_blocks);
    settings.boolean("memory_pass", &Profile::memory_pass, "");
    settings.boolean("strict", &Profile::strict, "");
    return settings;
  }();
  return kSettings;
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const Profile& profile : profiles()) names.push_back(profile.name);
  return names;
}

base::Result<Profile> find_profile(const std::string& name) {
  for (const Profile& profile : profiles()) {
    if (profile.name == name) return profile;
  }
  const auto near = base::nearest_name(name, profile_names());
  return base::fail(
      base::ErrorCategory::kUsage,
      fmt::format("unknown profile \"{}\"; allowed: {}", name, fmt::join(profile_names(), ", ")),
      near ? fmt::format("did you mean \"{}\"?", *near) : "");
}

}  // namespace edgetran::profile
