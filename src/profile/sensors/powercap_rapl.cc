// powercap-rapl: the running-average-power-limit zones of drivers/powercap, on Intel and AMD.
//
// Zone numbers (intel-rapl:0:1) are given in the order of registration, which follows module
// loading and CPU hot-plug; names are not. So a channel is the path of names: "package-0",
// "package-0/core", "psys"; the same through the memory-mapped registers, "mmio/package-0".

#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include "profile/sensors/drivers.h"
#include "profile/sensors/sensord_client.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {

namespace {

constexpr std::string_view kName = "powercap-rapl";
constexpr std::string_view kClass = "/sys/class/powercap/";
constexpr std::string_view kMsr = "intel-rapl:";
constexpr std::string_view kMmio = "intel-rapl-mmio:";

/// energy_uj is readable by root only since CVE-2020-8694 (power readings leak keys), and stays so:
/// the same counters come by perf where the kernel has its PMU, else through the helper.
std::string permission_fix(const SensorHost& host) {
  std::error_code code;
  const bool perf = std::filesystem::exists(host.at("/sys/bus/event_source/devices/power"), code);
  const std::string helper = sensord_fix(host);
  return perf ? perfmon_fix() + "   # or: " + helper : helper;
}

bool is_zone(std::string_view entry) { return entry.starts_with(kMsr) || entry.starts_with(kMmio); }

/// "intel-rapl:0:1" -> "intel-rapl:0"; empty for a zone at the top.
std::string parent_of(const std::string& entry) {
  const std::string parent = entry.substr(0, entry.rfind(':'));
  return parent.find(':') == std::string::npos ? "" : parent;
}

std::string file_of(const std::string& entry, std::string_view file) {
  return fmt::format("{}{}/{}", kClass, entry, file);
}

/// Names from the top down to `entry`, joined: "package-0/core".
base::Result<std::string> name_path(const SensorHost& host, const std::string& entry) {
  EDGETRAN_ASSIGN(std::string name, sysfs_text(host, file_of(entry, "name")));
  if (name.empty()) {
    return base::fail(base::ErrorCategory::kDevice, file_of(entry, "name") + " is empty");
  }
  const std::string parent = parent_of(entry);
  if (parent.empty()) return name;
  EDGETRAN_ASSIGN(const std::string above, name_path(host, parent));
  return above + "/" + name;
}

Boundary boundary_of(std::string_view path) {
  if (path.starts_with("psys")) return Boundary::kPsys;
  return path.starts_with("package-") ? Boundary::kPackage : Boundary::kRail;
}

/// Everything but the range. No rating: constraint_0_max_power_uw is the thermal design power,
/// which a processor passes for seconds in turbo, and the short-term constraint's is 0 or nonsense
/// on many machines; neither is a limit that cannot be passed.
SensorInfo describe(const std::string& entry, const std::string& path) {
  const std::string prefix = entry.starts_with(kMmio) ? "mmio/" : "";
  const size_t slash = path.rfind('/');
  SensorInfo info;
  info.driver = kName;
  info.channel = prefix + path;
  info.domain = slash == std::string::npos ? path : path.substr(slash + 1);
  // The tree hangs dram below its package, but the package's counter does not hold it (Intel SDM
  // volume 3B, "RAPL Domains"): it is beside the package, not within.
  if (slash != std::string::npos && info.domain != "dram") {
    info.within = prefix + path.substr(0, slash);
  }
  info.source = file_of(entry, "energy_uj");
  info.kind = SensorKind::kCounter;
  info.boundary = boundary_of(path);
  info.joules_per_tick = 1e-6;
  return info;
}

/// The hardware counts 32 bits of a unit u (61 uJ on most, 15.3 uJ on some); the kernel shows
/// floor(count * u), and floor((2^32 - 1) * u) as max_energy_range_uj. So that value itself is
/// legal, and the true range is at most one unit longer than range_ticks: a wrap errs by less than
/// u.
base::Result<uint64_t> range_of(const SensorHost& host, const std::string& entry) {
  const std::string path = file_of(entry, "max_energy_range_uj");
  auto file = SysfsNumber::open(host, path);
  if (!file) {
    // Not to be mistaken for a zone without energy, which is no problem.
    return base::fail(base::ErrorCategory::kDevice, std::move(file).error().message);
  }
  EDGETRAN_ASSIGN(const int64_t largest, file->read());
  if (largest <= 0) {
    return base::fail(base::ErrorCategory::kDevice,
                      fmt::format("{} says {}; a counter without a range cannot be followed over "
                                  "its wrap",
                                  path, largest));
  }
  return static_cast<uint64_t>(largest) + 1;
}

base::Result<std::unique_ptr<Sensor>> open_zone(const SensorHost& host, const std::string& entry,
                                                SensorInfo info) {
  EDGETRAN_ASSIGN(info.range_ticks, range_of(host, entry));
  return open_counter(host, std::move(info));
}

/// A zone without a name may be any of the driver's.
std::vector<SensorInfo> any_zone() {
  std::vector<SensorInfo> zones(2);
  for (SensorInfo& zone : zones) {
    zone.driver = kName;
    zone.kind = SensorKind::kCounter;
  }
  zones[0].boundary = Boundary::kPackage;
  zones[1].boundary = Boundary::kPsys;
  return zones;
}

// `enabled` is not looked at: it says whether the zone's power limit is enforced (and 0 where the
// firmware has locked it); the energy counter counts all the same.
FoundSensors find(const SensorHost& direct) {
  const SensorHost host = with_sensord(direct);
  FoundSensors found;
  std::set<std::string> channels;
  for (const std::string& entry : sysfs_entries(host, kClass)) {
    if (!is_zone(entry)) continue;
    const auto files = sysfs_entries(host, std::string(kClass) + entry);
    const bool counts = std::find(files.begin(), files.end(), "energy_uj") != files.end();
    if (!counts) continue;  // a zone that shows power only
    const auto path = name_path(host, entry);
    if (!path) {
      found.problems.push_back({std::string(kName), file_of(entry, "name"), path.error().category,
                                path.error().message, "", any_zone()});
      continue;
    }
    const SensorInfo info = describe(entry, *path);
    if (!channels.insert(info.channel).second) {
      found.problems.push_back(
          {std::string(kName),
           info.source,
           base::ErrorCategory::kDevice,
           fmt::format("a second zone is named {}; which of the two is which cannot be told after "
                       "the next boot",
                       info.channel),
           "",
           {info}});
      continue;
    }
    add_sensor(found, info, open_zone(host, entry, info), permission_fix(host));
  }
  return found;
}

}  // namespace

const SensorDriver kPowercapRapl{
    .name = kName,
    .text = "Energy counters of the processor's power zones, from powercap",
    .find = find};

}  // namespace edgetran::profile::sensors
