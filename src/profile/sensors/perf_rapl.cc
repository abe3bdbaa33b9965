// perf-rapl: the same counters as powercap-rapl by the PMU "power" (arch/x86/events/rapl.c): finer,
// 64 bits wide, and readable with CAP_PERFMON instead of root.

#include "profile/sensors/perf_rapl.h"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <set>

#include "base/numbers.h"
#include "base/system_error.h"
#include "profile/sensors/drivers.h"
#include "profile/sensors/rapl_places.h"
#include "profile/sensors/sensord_client.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {

namespace {

using base::ErrorCategory;

constexpr std::string_view kName = "perf-rapl";
constexpr std::string_view kPmu = "/sys/bus/event_source/devices/power/";
constexpr int kTries = 4;  // of a read that is interrupted

/// An event of the PMU and what powercap calls its domain below the package, so that both drivers
/// use one name for one thing; empty: the package itself.
struct Event {
  std::string_view file;
  std::string_view domain;
};
constexpr std::string_view kPsys = "psys";
constexpr std::array<Event, 5> kEvents = {{{"energy-psys", kPsys},
                                           {"energy-pkg", ""},
                                           {"energy-ram", "dram"},
                                           {"energy-cores", "core"},
                                           {"energy-gpu", "uncore"}}};

/// "event=0x02" -> 2; nullopt where it is anything else.
std::optional<uint64_t> parse_event(std::string_view text) {
  constexpr std::string_view kKey = "event=0x";
  if (text.substr(0, kKey.size()) != kKey) return std::nullopt;
  text.remove_prefix(kKey.size());
  uint64_t config = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), config, 16);
  if (code != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return config;
}

base::Result<uint64_t> read_config(const SensorHost& host, const std::string& path) {
  const auto text = sysfs_text(host, path);
  if (!text) return base::fail(text.error());
  const auto config = parse_event(*text);
  if (!config) return base::fail(unexpected_text(path, *text, "one event such as event=0x02"));
  return *config;
}

/// Joules of a tick. The text is exactly 2^-32 in decimal, and parse_double rounds correctly.
base::Result<double> read_scale(const SensorHost& host, const std::string& path) {
  EDGETRAN_ASSIGN(const std::string unit, sysfs_text(host, path + ".unit"));
  if (unit != "Joules") return base::fail(unexpected_text(path + ".unit", unit, "Joules"));
  EDGETRAN_ASSIGN(const std::string text, sysfs_text(host, path + ".scale"));
  const auto scale = base::parse_double(text);
  if (!scale || *scale <= 0) {
    return base::fail(unexpected_text(path + ".scale", text, "a positive number of joules"));
  }
  return *scale;
}

PerfSystem system_or(const PerfSystem& given) {
  PerfSystem system = given;
  if (!system.open) {
    system.open = [](const perf_event_attr& event, int pid, int cpu, int group,
                     unsigned long flags) {
      return static_cast<int>(::syscall(SYS_perf_event_open, &event, pid, cpu, group, flags));
    };
  }
  if (!system.read) system.read = ::read;
  return system;
}

base::Error call_error(std::string_view action, const std::string& source, int code) {
  const bool refused = code == EACCES || code == EPERM;
  return {refused ? ErrorCategory::kPermission : ErrorCategory::kDevice,
          fmt::format("{} {}: {}", action, source, base::system_message(code)), ""};
}

/// An open event. Its count begins at 0 when it is opened, and the kernel follows the hardware's 32
/// bits over their wraps.
class PerfCounter final : public Sensor {
 public:
  PerfCounter(SensorInfo info, base::Descriptor descriptor, PerfSystem system)
      : info_(std::move(info)), descriptor_(std::move(descriptor)), system_(std::move(system)) {}

  const SensorInfo& info() const override { return info_; }

  base::Result<Reading> read() override {
    uint64_t ticks = 0;
    for (int attempt = 1;; ++attempt) {
      const ssize_t count = system_.read(descriptor_.get(), &ticks, sizeof(ticks));
      if (count == sizeof(ticks)) return Reading{ticks, 0};
      if (count < 0 && (errno == EINTR || errno == EAGAIN) && attempt < kTries) continue;
      if (count < 0) return base::fail(call_error("cannot read", info_.source, errno));
      // An event in error, for one because its CPU went offline, reads as an end of file.
      return base::fail(
          ErrorCategory::kDevice,
          fmt::format("{} gave {} bytes of 8; its CPU may be offline", info_.source, count));
    }
  }

 private:
  SensorInfo info_;
  base::Descriptor descriptor_;
  PerfSystem system_;
};

SensorInfo describe(const Event& event, const RaplPlace& place, double joules_per_tick) {
  SensorInfo info;
  info.driver = kName;
  if (event.domain == kPsys) {
    info.channel = place.package == 0 ? kPsys : fmt::format("{}-{}", kPsys, place.package);
  } else {
    info.channel = place.name;
    if (!event.domain.empty()) info.channel += fmt::format("/{}", event.domain);
    // dram is counted beside its package (see powercap_rapl.cc).
    if (event.domain == "core" || event.domain == "uncore") info.within = place.name;
  }
  info.domain = info.channel.substr(info.channel.rfind('/') + 1);
  info.source = fmt::format("perf event power/{}/ on CPU {}", event.file, place.cpu);
  info.kind = SensorKind::kCounter;
  info.boundary = event.domain == kPsys ? Boundary::kPsys : Boundary::kPackage;
  info.joules_per_tick = joules_per_tick;
  return info;
}

base::Result<std::unique_ptr<Sensor>> open_event(const PerfSystem& system, uint32_t type,
                                                 uint64_t config, int cpu, SensorInfo info) {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = type;
  attributes.config = config;
  base::Descriptor descriptor(
      system.open(attributes, /*pid=*/-1, cpu, /*group=*/-1, PERF_FLAG_FD_CLOEXEC));
  if (!descriptor.valid()) return base::fail(call_error("cannot open", info.source, errno));
  return std::make_unique<PerfCounter>(std::move(info), std::move(descriptor), system);
}

/// CAP_PERFMON is there since Linux 5.8.
std::string permission_fix() {
  return perfmon_fix() + "   # or: sudo sysctl kernel.perf_event_paranoid=0";
}

/// One event on every place that has its own count of it.
base::Status add_event(const SensorHost& host, const PerfSystem& system, uint32_t type,
                       const Event& event, const std::vector<RaplPlace>& places,
                       FoundSensors& found) {
  const std::string path = std::string(kPmu) + "events/" + std::string(event.file);
  const auto config = read_config(host, path);
  if (!config && config.error().category == ErrorCategory::kNotFound) return {};  // not here
  if (!config) return base::fail(config.error());
  EDGETRAN_ASSIGN(const double scale, read_scale(host, path));
  std::set<std::string> channels;
  for (const RaplPlace& place : places) {
    if (event.domain == kPsys && !place.first) continue;  // a platform has no dies
    const SensorInfo info = describe(event, place, scale);
    if (!channels.insert(info.channel).second) {
      return base::fail(ErrorCategory::kDevice,
                        fmt::format("two CPUs of {}cpumask belong to {}; whose counter is whose "
                                    "cannot be told",
                                    kPmu, info.channel));
    }
    add_sensor(found, info, open_event(system, type, *config, place.cpu, info), permission_fix());
  }
  return {};
}

/// What an event that cannot be used would have shown.
std::vector<SensorInfo> all_of(const Event& event, const std::vector<RaplPlace>& places) {
  std::vector<SensorInfo> infos;
  infos.reserve(places.size());
  for (const RaplPlace& place : places) infos.push_back(describe(event, place, 0));
  return infos;
}

FoundSensors find(const SensorHost& host) { return find_perf_rapl(host, {}); }

}  // namespace

FoundSensors find_perf_rapl(const SensorHost& host, const PerfSystem& system) {
  FoundSensors found;
  const auto complain = [&found](const std::string& file, const base::Error& error,
                                 std::vector<SensorInfo> missing = {}) {
    found.problems.push_back({std::string(kName), std::string(kPmu) + file, error.category,
                              error.message, "", std::move(missing)});
  };
  const auto type = sysfs_text(host, std::string(kPmu) + "type");
  if (!type) {
    if (type.error().category != ErrorCategory::kNotFound) complain("type", type.error());
    return found;
  }
  const auto number = base::parse_int64(*type);
  if (!number || *number < 0 || *number > UINT32_MAX) {
    complain("type", unexpected_text(std::string(kPmu) + "type", *type, "the number of a PMU"));
    return found;
  }
  const auto places = rapl_places(host, std::string(kPmu) + "cpumask");
  if (!places) {
    complain("cpumask", places.error());
    return found;
  }
  const PerfSystem complete = system_or(system);
  for (const Event& event : kEvents) {
    const auto added =
        add_event(host, complete, static_cast<uint32_t>(*number), event, *places, found);
    if (!added) {
      complain("events/" + std::string(event.file), added.error(), all_of(event, *places));
    }
  }
  return found;
}

const SensorDriver kPerfRapl{.name = kName,
                             .text = "Energy counters of the processor, from perf's PMU \"power\"",
                             .find = find};

}  // namespace edgetran::profile::sensors
