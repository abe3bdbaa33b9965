#include "profile/thermal.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

#include "base/files.h"

namespace edgetran::profile {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxValueBytes = 4096;
constexpr double kLeastFrequencyShare = 0.9;
/// Zones say nonsense where nothing is wired to them (-274 and 128 are seen): outside this they are
/// passed over.
constexpr double kColdest_c = -40, kHottest_c = 150;

std::string read_word(const fs::path& path) {
  std::string text = base::read_file(path, kMaxValueBytes).value_or("");
  return text.substr(0, text.find_first_of(" \t\n"));
}

std::optional<int64_t> read_integer(const fs::path& path, int number_base = 10) {
  const std::string word = read_word(path);
  int64_t value = 0;
  const auto [end, code] =
      std::from_chars(word.data(), word.data() + word.size(), value, number_base);
  if (word.empty() || code != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// Entries of a folder whose name begins with `prefix` and a digit, in any order.
std::vector<fs::path> numbered(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool digit =
        name.size() > prefix.size() && name[prefix.size()] >= '0' && name[prefix.size()] <= '9';
    if (name.starts_with(prefix) && digit) paths.push_back(entry->path());
  }
  return paths;
}

void add(std::optional<int64_t>& sum, std::optional<int64_t> value) {
  if (value) sum = sum.value_or(0) + *value;
}

void read_zones(const fs::path& root, ThermalState& state) {
  constexpr double kMilli = 1e-3;
  for (const fs::path& zone : numbered(root / "sys/class/thermal", "thermal_zone")) {
    const auto value = read_integer(zone / "temp");
    const double celsius = static_cast<double>(value.value_or(0)) * kMilli;
    if (!value || celsius < kColdest_c || celsius > kHottest_c) continue;
    state.temperature_c = std::max(state.temperature_c.value_or(celsius), celsius);
  }
  for (const fs::path& device : numbered(root / "sys/class/thermal", "cooling_device")) {
    // Fans cool without slowing anything; what limits a processor says so in its type.
    const std::string type = read_word(device / "type");
    const bool limits = type == "Processor" || type.find("cpufreq") != std::string::npos ||
                        type.find("cpu") != std::string::npos ||
                        type.find("gpu") != std::string::npos ||
                        type.find("powerclamp") != std::string::npos;
    if (!limits) continue;
    // intel_powerclamp reads -1 while it does nothing.
    const auto value = read_integer(device / "cur_state");
    if (value) add(state.cooling_state, std::max<int64_t>(*value, 0));
  }
}

void read_processors(const fs::path& root, ThermalState& state) {
  for (const fs::path& cpu : numbered(root / "sys/devices/system/cpu", "cpu")) {
    add(state.throttle_events, read_integer(cpu / "thermal_throttle/core_throttle_count"));
    add(state.throttle_events, read_integer(cpu / "thermal_throttle/package_throttle_count"));
    const auto now = read_integer(cpu / "cpufreq/scaling_cur_freq");
    auto expected = read_integer(cpu / "cpufreq/base_frequency");
    if (!expected) expected = read_integer(cpu / "cpufreq/cpuinfo_max_freq");
    if (!now || !expected || *expected <= 0) continue;
    const double share = static_cast<double>(*now) / static_cast<double>(*expected);
    // Cores without work are slow by choice: the fastest one tells.
    state.frequency_share = std::max(state.frequency_share.value_or(share), share);
  }
}

/// The firmware's present limits (bits 0 to 3: under-voltage, capped, throttled, soft limit), as a
/// number that rises when one of them begins.
void read_raspberry_pi(const fs::path& root, ThermalState& state) {
  constexpr int kHex = 16;
  constexpr int64_t kPresent = 0xF;
  const auto bits =
      read_integer(root / "sys/devices/platform/soc/soc:firmware/get_throttled", kHex);
  if (bits) add(state.cooling_state, *bits & kPresent);
}

template <class T>
base::Json optional_json(const std::optional<T>& value) {
  return value ? base::Json(*value) : base::Json(nullptr);
}

template <class T>
std::optional<T> optional_of(const base::Json& json, const char* key) {
  const base::Json& value = json.at(key);
  if (value.is_null()) return std::nullopt;
  return value.get<T>();
}

bool rose(std::optional<int64_t> before, std::optional<int64_t> after) {
  return before && after && *after > *before;
}

}  // namespace

ThermalState read_thermal(const fs::path& root) {
  ThermalState state;
  read_zones(root, state);
  read_processors(root, state);
  read_raspberry_pi(root, state);
  return state;
}

base::Json thermal_json(const ThermalState& state) {
  return {{"temperature_c", optional_json(state.temperature_c)},
          {"throttle_events", optional_json(state.throttle_events)},
          {"cooling_state", optional_json(state.cooling_state)},
          {"frequency_share", optional_json(state.frequency_share)}};
}

ThermalState thermal_from_json(const base::Json& json) {
  return {.temperature_c = optional_of<double>(json, "temperature_c"),
          .throttle_events = optional_of<int64_t>(json, "throttle_events"),
          .cooling_state = optional_of<int64_t>(json, "cooling_state"),
          .frequency_share = optional_of<double>(json, "frequency_share")};
}

bool throttled(const ThermalState& before, const ThermalState& after) {
  if (rose(before.throttle_events, after.throttle_events)) return true;
  if (rose(before.cooling_state, after.cooling_state)) return true;
  return after.frequency_share && *after.frequency_share < kLeastFrequencyShare;
}

}  // namespace edgetran::profile
