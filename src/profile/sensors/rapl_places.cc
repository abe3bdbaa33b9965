#include "profile/sensors/rapl_places.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/numbers.h"
#include "base/text.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {

namespace {

constexpr int kMaxCpus = 65536;  // of a mask; far beyond the kernel's limit

/// "0,28" or "0-3,8".
base::Result<std::vector<int>> read_cpus(const SensorHost& host, const std::string& path) {
  EDGETRAN_ASSIGN(const std::string text, sysfs_text(host, path));
  std::vector<int> cpus;
  for (const std::string_view part : base::split(text, ',')) {
    const size_t dash = part.find('-');
    const auto low = base::parse_int64(part.substr(0, dash));
    const auto high =
        dash == std::string_view::npos ? low : base::parse_int64(part.substr(dash + 1));
    if (!low || !high || *low < 0 || *high < *low || *high >= kMaxCpus) {
      return base::fail(unexpected_text(path, text, "a list of CPUs such as 0,28"));
    }
    for (int64_t cpu = *low; cpu <= *high; ++cpu) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

/// One register counts the whole package on these, whatever dies the topology shows ("RAPL Package
/// energy counter scope" in rapl.c). Kernels before 6.12 list one CPU a die all the same, and each
/// of them then reads the same joules.
bool package_counts_once(const SensorHost& host) {
  const std::string text = optional_text(host, "/proc/cpuinfo");  // the first page is enough
  return text.find("AuthenticAMD") != std::string::npos ||
         text.find("HygonGenuine") != std::string::npos;
}

int64_t topology(const SensorHost& host, int cpu, std::string_view file) {
  const std::string path = fmt::format("/sys/devices/system/cpu/cpu{}/topology/{}", cpu, file);
  // -1 in some virtual machines, and no die_id before Linux 5.2: one package, one die.
  return std::max<int64_t>(0, optional_number(host, path).value_or(0));
}

}  // namespace

base::Result<std::vector<RaplPlace>> rapl_places(const SensorHost& host,
                                                 const std::string& cpumask) {
  EDGETRAN_ASSIGN(const std::vector<int> cpus, read_cpus(host, cpumask));
  const bool one_a_package = package_counts_once(host);
  std::map<int64_t, int> dies;
  std::vector<RaplPlace> places;
  for (const int cpu : cpus) {
    RaplPlace place{cpu, topology(host, cpu, "physical_package_id"), topology(host, cpu, "die_id"),
                    true, ""};
    place.first = ++dies[place.package] == 1;
    if (place.first || !one_a_package) places.push_back(place);
  }
  const bool several = std::any_of(dies.begin(), dies.end(), [](auto& d) { return d.second > 1; });
  for (RaplPlace& place : places) {
    place.name = fmt::format("package-{}", place.package);
    if (several && !one_a_package) place.name += fmt::format("-die-{}", place.die);
  }
  return places;
}

}  // namespace edgetran::profile::sensors
