#include "profile/host.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "base/files.h"
#include "base/numbers.h"

namespace edgetran::profile {

namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{8} << 20;  // cpuinfo of a thousand cores

/// Kernel files are read as text; one that is not there is empty.
std::string read_text(const std::filesystem::path& path) {
  return base::read_file(path, kMaxFileBytes).value_or("");
}

std::string first_word(const std::string& text) {
  std::istringstream stream(text);
  std::string word;
  stream >> word;
  return word;
}

std::optional<int64_t> to_integer(const std::string& word) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (code != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  const size_t end = text.find_last_not_of(" \t\n");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

void read_processors(const std::string& text, HostInfo& host) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string key = trimmed(line.substr(0, colon));
    const std::string value = trimmed(line.substr(colon + 1));
    if (key == "processor") ++host.processors;
    // x86 says "model name"; Arm boards "Model" or "Hardware".
    const bool names = key == "model name" || key == "Model" || key == "Hardware";
    if (names && host.processor.empty()) host.processor = value;
    if (key == "microcode" && host.microcode.empty()) host.microcode = value;
    if ((key == "flags" || key == "Features") && host.flags.empty()) {
      std::istringstream words(value);
      for (std::string word; words >> word;) host.flags.push_back(word);
    }
  }
}

int64_t scheduler_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
}

/// Whole cores of a cgroup quota "quota period", rounded down, at least 1; 0: no quota.
int64_t quota_cores(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0) return 0;
  return std::max<int64_t>(1, quota / period);
}

int64_t cgroup_cores(const std::filesystem::path& root) {
  std::istringstream second(read_text(root / "sys/fs/cgroup/cpu.max"));  // cgroup v2
  std::string quota;
  std::string period;
  if (second >> quota >> period) {
    return quota_cores(to_integer(quota).value_or(0), to_integer(period).value_or(0));
  }
  const auto folder = root / "sys/fs/cgroup/cpu";  // cgroup v1
  return quota_cores(to_integer(first_word(read_text(folder / "cpu.cfs_quota_us"))).value_or(0),
                     to_integer(first_word(read_text(folder / "cpu.cfs_period_us"))).value_or(0));
}

int64_t memory_total(const std::filesystem::path& root) {
  std::istringstream words(read_text(root / "proc/meminfo"));
  int64_t bytes = 0;
  for (std::string word; words >> word;) {
    if (word != "MemTotal:") continue;
    words >> word;
    bytes = to_integer(word).value_or(0) * 1024;
    break;
  }
  for (const char* file :
       {"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const int64_t limit = to_integer(first_word(read_text(root / file))).value_or(0);
    if (limit > 0 && (bytes == 0 || limit < bytes)) bytes = limit;
  }
  return bytes;
}

/// What cpufreq says in kHz (the largest frequency on boards without turbo), else what the name
/// says: "Xeon(R) Processor @ 2.50GHz"; 0: neither.
double base_frequency(const std::filesystem::path& root, const std::string& processor) {
  constexpr double kKilo = 1e3, kGiga = 1e9;
  const auto folder = root / "sys/devices/system/cpu/cpu0/cpufreq";
  for (const char* file : {"base_frequency", "cpuinfo_max_freq"}) {
    const auto value = to_integer(first_word(read_text(folder / file)));
    if (value && *value > 0) return static_cast<double>(*value) * kKilo;
  }
  const size_t at = processor.find("@ ");
  const size_t unit = processor.find("GHz", at == std::string::npos ? 0 : at);
  if (at == std::string::npos || unit == std::string::npos) return 0;
  return base::parse_double(processor.substr(at + 2, unit - at - 2)).value_or(0) * kGiga;
}

/// Instruction sets that bound what a core can do (physics_gates.h).
base::Json instruction_sets(const HostInfo& host) {
  base::Json sets = base::Json::array();
  for (const char* flag : {"sse2", "avx", "avx2", "avx512f", "avx512_bf16", "amx_bf16", "neon",
                           "asimd", "sve", "bf16", "i8mm"}) {
    if (host.has_flag(flag)) sets.push_back(flag);
  }
  return sets;
}

/// "0.20 0.18 0.12 1/80 11206": averages, then runnable tasks over all.
void read_load(const std::string& text, HostInfo& host) {
  std::istringstream words(text);
  std::string five;
  std::string fifteen;
  std::string tasks;
  words >> host.load_average >> five >> fifteen >> tasks;
  host.running = to_integer(tasks.substr(0, tasks.find('/'))).value_or(0);
}

}  // namespace

bool HostInfo::has_flag(std::string_view flag) const {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

base::Result<HostInfo> read_host(const std::filesystem::path& root, int64_t affinity_cores) {
  HostInfo host;
  read_processors(read_text(root / "proc/cpuinfo"), host);
  if (host.processors == 0) {
    return base::fail(base::ErrorCategory::kDevice,
                      "no processor is described in " + (root / "proc/cpuinfo").string(),
                      "a Linux kernel with /proc mounted is needed");
  }
  host.cores = host.processors;
  const int64_t quota = cgroup_cores(root);
  for (const int64_t limit : {affinity_cores > 0 ? affinity_cores : scheduler_cores(), quota}) {
    if (limit > 0) host.cores = std::min(host.cores, limit);
  }
  host.quota = quota > 0;
  host.base_frequency_hz = base_frequency(root, host.processor);
  host.memory_bytes = memory_total(root);
  host.kernel = first_word(read_text(root / "proc/sys/kernel/osrelease"));
  host.governor =
      first_word(read_text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
  host.is_virtual = host.has_flag("hypervisor");
  read_load(read_text(root / "proc/loadavg"), host);
  return host;
}

base::Json host_json(const HostInfo& host) {
  return {{"processor", host.processor},
          {"cores", host.cores},
          {"memory_bytes", host.memory_bytes},
          {"kernel", host.kernel},
          {"virtual", host.is_virtual},
          {"governor", host.governor.empty() ? base::Json(nullptr) : base::Json(host.governor)},
          {"microcode", host.microcode.empty() ? base::Json(nullptr) : base::Json(host.microcode)},
          {"base_frequency_hz",
           host.base_frequency_hz > 0 ? base::Json(host.base_frequency_hz) : base::Json(nullptr)},
          {"instructions", instruction_sets(host)}};
}

}  // namespace edgetran::profile
