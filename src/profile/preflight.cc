#include "profile/preflight.h"

#include <fmt/format.h>

#include <optional>
#include <sstream>
#include <system_error>

#include "base/files.h"
#include "base/numbers.h"

namespace edgetran::profile {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 16;
/// Boards begin to slow down between 80 and 100 degrees; from here a measurement of seconds may.
constexpr double kWarm_c = 75;

std::string read_word(const fs::path& path) {
  const std::string text = base::read_file(path, kMaxFileBytes).value_or("");
  return text.substr(0, text.find_first_of(" \t\n"));
}

void note_frequency(const HostInfo& host, const fs::path& root, std::vector<std::string>& notes) {
  const fs::path cpu = root / "sys/devices/system/cpu";
  if (!host.governor.empty() && host.governor != "performance") {
    notes.push_back(
        fmt::format("the frequency governor is \"{}\": runs may begin slowly", host.governor));
  }
  const auto limit = base::parse_int64(read_word(cpu / "cpu0/cpufreq/scaling_max_freq"));
  const auto most = base::parse_int64(read_word(cpu / "cpu0/cpufreq/cpuinfo_max_freq"));
  if (limit && most && *limit < *most) {
    notes.push_back(fmt::format("the frequency is limited to {} of {} kHz", *limit, *most));
  }
  const std::string no_turbo = read_word(cpu / "intel_pstate/no_turbo");
  if (no_turbo == "0" || (no_turbo.empty() && read_word(cpu / "cpufreq/boost") == "1")) {
    notes.emplace_back("turbo is on: the frequency depends on temperature and neighbours");
  }
  if (read_word(cpu / "smt/active") == "1") {
    notes.emplace_back("two hardware threads share a core (SMT)");
  }
}

bool discharging(const fs::path& root) {
  std::error_code error;
  for (fs::directory_iterator entry(root / "sys/class/power_supply", error), end;
       !error && entry != end; entry.increment(error)) {
    if (read_word(entry->path() / "status") == "Discharging") return true;
  }
  return false;
}

/// Swapped bytes in use, from /proc/meminfo.
int64_t swapped_bytes(const fs::path& root) {
  constexpr int64_t kKilo = 1024;
  std::istringstream words(base::read_file(root / "proc/meminfo", kMaxFileBytes).value_or(""));
  int64_t total = 0, free = 0;
  for (std::string word; words >> word;) {
    if (word == "SwapTotal:") words >> total;
    if (word == "SwapFree:") words >> free;
  }
  return (total - free) * kKilo;
}

}  // namespace

Preflight check_machine(const HostInfo& host, const ThermalState& thermal, const fs::path& root) {
  Preflight preflight;
  auto& notes = preflight.notes;
  if (host.is_virtual) {
    notes.emplace_back("a virtual machine: neighbours on the same hardware are not seen");
  }
  std::error_code error;
  if (fs::exists(root / ".dockerenv", error) || fs::exists(root / "run/.containerenv", error)) {
    notes.emplace_back("a container: other containers share the machine");
  }
  note_frequency(host, root, notes);
  if (thermal.temperature_c && *thermal.temperature_c > kWarm_c) {
    notes.push_back(
        fmt::format("it is {:.0f} degrees warm before the work begins", *thermal.temperature_c));
  }
  if (host.quota) {
    notes.push_back(fmt::format("a cgroup quota leaves {} cores' worth of time", host.cores));
  }
  if (discharging(root)) notes.emplace_back("the machine runs on its battery");
  if (swapped_bytes(root) > 0) {
    notes.push_back(fmt::format("{} bytes are swapped out", swapped_bytes(root)));
  }
  // Tasks that want a core besides this one, as many as there are cores: they share the machine.
  if (host.running > host.cores) {
    preflight.flags.emplace_back("HOST_BUSY");
    notes.push_back(fmt::format("{} tasks want to run on {} cores", host.running, host.cores));
  }
  return preflight;
}

}  // namespace edgetran::profile
