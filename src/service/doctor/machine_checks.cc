#include "service/doctor/machine_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/numbers.h"
#include "base/text.h"
#include "base/units.h"
#include "profile/host.h"

namespace edgetran::service {

namespace {

namespace fs = std::filesystem;

constexpr const char* kGroup = "machine";
constexpr uint64_t kFileBytes = uint64_t{1} << 20;
constexpr int64_t kKibibyte = 1024;
/// A mid-sized encoder with its engine takes some hundred MiB; below this the kernel begins to
/// reclaim.
constexpr int64_t kLittleMemory_bytes = int64_t{1} << 30;
/// Of swap in use: a few idle pages always are.
constexpr double kMuchSwap = 0.1;

std::string read_text(const fs::path& path) {
  return std::string(base::trim(base::read_file(path, kFileBytes).value_or("")));
}
std::optional<int64_t> read_number(const fs::path& path) {
  return base::parse_int64(read_text(path));
}

DoctorCheck check_of(std::string name, CheckStatus status, std::string seen, std::string fix = {}) {
  return {kGroup, std::move(name), status, std::move(seen), std::move(fix)};
}

/// Folders cpu0, cpu1, ...
std::vector<fs::path> cpu_folders(const fs::path& root) {
  std::vector<fs::path> folders;
  std::error_code code;
  for (fs::directory_iterator entry(root / "sys/devices/system/cpu", code), end;
       !code && entry != end; entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("cpu") && base::parse_int64(name.substr(3))) {
      folders.push_back(entry->path());
    }
  }
  return folders;
}

DoctorCheck processor(const profile::HostInfo& host) {
  std::string seen =
      fmt::format("{}, {} of {} processors usable",
                  host.processor.empty() ? "unknown" : host.processor, host.cores, host.processors);
  if (host.running > host.cores) {
    return check_of(
        "processor", CheckStatus::kWarning,
        seen + fmt::format("; {} tasks want them now: measure when it is idle", host.running));
  }
  return check_of("processor", CheckStatus::kOk, std::move(seen));
}

DoctorCheck hypervisor(const profile::HostInfo& host) {
  if (!host.is_virtual) return check_of("hypervisor", CheckStatus::kOk, "none is seen");
  return check_of("hypervisor", CheckStatus::kWarning,
                  "this is a virtual machine: other guests move the figures, and counters of power "
                  "are not shown; compare only what was measured side by side");
}

void add_governor(const fs::path& root, Checks& checks) {
  std::set<std::string> governors;
  for (const auto& cpu : cpu_folders(root)) {
    const std::string governor = read_text(cpu / "cpufreq/scaling_governor");
    if (!governor.empty()) governors.insert(governor);
  }
  if (governors.empty()) {
    checks.push_back(check_of("frequency governor", CheckStatus::kOk,
                              "none is shown: firmware or hypervisor set the clock"));
  } else if (governors == std::set<std::string>{"performance"}) {
    checks.push_back(check_of("frequency governor", CheckStatus::kOk, "performance"));
  } else {
    checks.push_back(check_of(
        "frequency governor", CheckStatus::kWarning,
        fmt::format("{}: the clock follows the load, so short models look slower than they are",
                    base::join_words({governors.begin(), governors.end()})),
        "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"));
  }
}

void add_turbo(const fs::path& root, Checks& checks) {
  const fs::path cpu = root / "sys/devices/system/cpu";
  const auto intel_off = read_number(cpu / "intel_pstate/no_turbo");
  const auto boost = read_number(cpu / "cpufreq/boost");
  if (!intel_off && !boost) return;
  const bool on = intel_off ? *intel_off == 0 : *boost != 0;
  if (!on) {
    checks.push_back(check_of("turbo", CheckStatus::kOk, "off: the clock does not depend on heat"));
    return;
  }
  checks.push_back(check_of(
      "turbo", CheckStatus::kWarning,
      "on: the clock falls as the processor warms, so long measurements look slower than short",
      intel_off ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
                : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"));
}

void add_smt(const fs::path& root, Checks& checks) {
  const auto active = read_number(root / "sys/devices/system/cpu/smt/active");
  if (!active) return;
  if (*active == 0) {
    checks.push_back(check_of("threads of a core", CheckStatus::kOk, "one (SMT is off)"));
    return;
  }
  checks.push_back(check_of("threads of a core", CheckStatus::kWarning,
                            "several (SMT): a deployment on all processors shares cores with "
                            "itself, one on a few with whatever else runs",
                            "echo off | sudo tee /sys/devices/system/cpu/smt/control"));
}

void add_throttling(const fs::path& root, Checks& checks) {
  int64_t most = -1;
  for (const auto& cpu : cpu_folders(root)) {
    for (const char* file : {"core_throttle_count", "package_throttle_count"}) {
      most = std::max(most, read_number(cpu / "thermal_throttle" / file).value_or(-1));
    }
  }
  if (most < 0) return;
  checks.push_back(
      most == 0
          ? check_of("throttling", CheckStatus::kOk, "never since the machine started")
          : check_of("throttling", CheckStatus::kWarning,
                     fmt::format("{} times since the machine started: it gets too hot under load; "
                                 "cool it, or measure with the profile sustained",
                                 base::format_count(most))));
}

void add_battery(const fs::path& root, Checks& checks) {
  std::error_code code;
  for (fs::directory_iterator entry(root / "sys/class/power_supply", code), end;
       !code && entry != end; entry.increment(code)) {
    if (read_text(entry->path() / "type") != "Battery") continue;
    if (read_text(entry->path() / "status") != "Discharging") continue;
    checks.push_back(check_of("supply", CheckStatus::kWarning,
                              "on battery, where firmware may hold the clock down; plug it in "
                              "unless the battery is the sensor"));
    return;
  }
}

/// The value of a line of /proc/meminfo in bytes; -1 where it is not there.
int64_t meminfo(const std::string& text, std::string_view key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    std::istringstream words(line.substr(key.size()));
    int64_t kibibytes = -1;
    return words >> kibibytes ? kibibytes * kKibibyte : -1;
  }
  return -1;
}

void add_memory(const fs::path& root, const profile::HostInfo& host, Checks& checks) {
  const std::string text = read_text(root / "proc/meminfo");
  const int64_t available = std::min(meminfo(text, "MemAvailable:"), host.memory_bytes);
  if (available >= 0) {
    const bool little = available < kLittleMemory_bytes;
    checks.push_back(
        check_of("memory", little ? CheckStatus::kWarning : CheckStatus::kOk,
                 fmt::format("{} of {} free{}", base::format_bytes(static_cast<double>(available)),
                             base::format_bytes(static_cast<double>(host.memory_bytes)),
                             little ? ": large models will be paged out or killed" : "")));
  }
  const int64_t total = meminfo(text, "SwapTotal:");
  const int64_t used = total - meminfo(text, "SwapFree:");
  if (total < 0) return;
  if (total == 0) {
    checks.push_back(check_of("swap", CheckStatus::kOk, "none"));
    return;
  }
  const bool much = static_cast<double>(used) > kMuchSwap * static_cast<double>(total);
  checks.push_back(
      check_of("swap", much ? CheckStatus::kWarning : CheckStatus::kOk,
               fmt::format("{} of {} in use{}", base::format_bytes(static_cast<double>(used)),
                           base::format_bytes(static_cast<double>(total)),
                           much ? ": memory was short; paging would be measured as latency" : ""),
               much && available > used ? "sudo swapoff -a && sudo swapon -a" : ""));
}

}  // namespace

DoctorCheck check_clock(const fs::path& root) {
  constexpr double kNanoseconds = 1e9;
  constexpr double kCoarse_s = 1e-6;  // a thousandth of a model of a millisecond
  timespec resolution{};
  ::clock_getres(CLOCK_MONOTONIC, &resolution);
  const double resolution_s = static_cast<double>(resolution.tv_sec) +
                              static_cast<double>(resolution.tv_nsec) / kNanoseconds;
  const std::string source =
      read_text(root / "sys/devices/system/clocksource/clocksource0/current_clocksource");
  // Read over a bus: each reading costs a microsecond or more.
  const bool slow =
      source == "hpet" || source == "acpi_pm" || source == "jiffies" || source == "refined-jiffies";
  std::string seen = fmt::format("monotonic, steps of {}", base::format_seconds(resolution_s));
  if (!source.empty()) seen += fmt::format(", from {}", source);
  if (slow) seen += ": reading it takes microseconds";
  const bool bad = slow || resolution_s > kCoarse_s;
  // A virtual machine may offer its own; bare metal has tsc unless the kernel distrusts it.
  return check_of("clock", bad ? CheckStatus::kWarning : CheckStatus::kOk, std::move(seen),
                  slow ? "cat /sys/devices/system/clocksource/clocksource0/available_clocksource   "
                         "# prefer tsc, kvm-clock"
                       : "");
}

Checks check_machine(const fs::path& root) {
  Checks checks;
  const auto host = profile::read_host(root);
  if (!host) {
    checks.push_back(check_of("processor", CheckStatus::kFailed, host.error().message));
    return checks;
  }
  checks.push_back(processor(*host));
  checks.push_back(hypervisor(*host));
  add_governor(root, checks);
  add_turbo(root, checks);
  add_smt(root, checks);
  add_throttling(root, checks);
  add_battery(root, checks);
  add_memory(root, *host, checks);
  checks.push_back(check_clock(root));
  return checks;
}

}  // namespace edgetran::service
