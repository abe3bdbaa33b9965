#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "profile/sensors/drivers.h"
#include "profile/sensors/sysfs_value.h"

// Documentation/ABI/testing/sysfs-class-power.

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using base::fail;

constexpr std::string_view kFolder = "/sys/class/power_supply";
constexpr double kMicroVoltMicroAmpere_w = 1e-12;
constexpr double kMicroWatt_w = 1e-6;
// "Not charging" is the longest state.
constexpr size_t kStatusBytes = 64;
constexpr std::string_view kUnplug = "unplug the power adaptor while measuring";

/// One battery of the machine.
struct Battery {
  std::string name;
  SysfsFile status;
  SysfsPower power;
};

/// What else may supply the machine, and must not at the same time: an adaptor, a charger by USB or
/// without wire, an uninterruptible supply.
struct Charger {
  std::string name;
  SysfsNumber online;
};

/// All batteries as one supply: two batteries of one machine take turns, and which one does is its
/// firmware's choice, so neither alone is the board's input.
class BatterySensor final : public Sensor {
 public:
  BatterySensor(SensorInfo info, std::vector<Battery> batteries, std::vector<Charger> chargers)
      : info_(std::move(info)), batteries_(std::move(batteries)), chargers_(std::move(chargers)) {}

  const SensorInfo& info() const override { return info_; }

  base::Result<Reading> read() override {
    // Under high load some machines take from adaptor and battery together.
    for (const Charger& supply : chargers_) {
      EDGETRAN_ASSIGN(const int64_t online, supply.online.read());
      if (online != 0)
        return fail(ErrorCategory::kDevice, supply.name + " supplies the machine as well",
                    std::string(kUnplug));
    }
    Reading reading;
    bool discharging = false;
    for (const Battery& battery : batteries_) {
      EDGETRAN_ASSIGN(const double watts, read_one(battery, discharging));
      reading.watts += watts;
    }
    if (!discharging)
      return fail(ErrorCategory::kDevice,
                  fmt::format("no battery is discharging ({})", info_.domain),
                  std::string(kUnplug));
    // A machine that runs takes power: firmware shows 0 until it has measured, or for ever.
    if (reading.watts == 0)
      return fail(ErrorCategory::kDevice,
                  fmt::format("the machine is said to be discharging by 0 W ({})", info_.domain),
                  "try again after a minute without the power adaptor; a battery that still says 0 "
                  "does not tell its power");
    return reading;
  }

 private:
  static base::Result<double> read_one(const Battery& battery, bool& discharging) {
    std::array<char, kStatusBytes> buffer;
    EDGETRAN_ASSIGN(const std::string_view text, battery.status.read(buffer));
    const std::string_view status = base::trim(text);
    if (status.empty()) return fail(unexpected_text(battery.status.path(), "", "a state"));
    if (status == "Charging") {
      return fail(ErrorCategory::kDevice,
                  battery.name +
                      " is charging: what flows is not what the "
                      "machine takes",
                  std::string(kUnplug));
    }
    EDGETRAN_ASSIGN(const double signed_w, battery.power.read());
    // Discharging is negative by the kernel's words since 2020 and positive in older drivers and in
    // power_now; the status says the direction, so only the size counts.
    const double watts = std::abs(signed_w);
    if (status == "Discharging") {
      discharging = true;
      return watts;
    }
    // "Full", "Not charging", "Unknown": a battery that rests beside the one in use.
    if (watts == 0) return 0.0;
    return fail(ErrorCategory::kDevice,
                fmt::format("{} is {} and moves {:.3g} W; its direction is not known", battery.name,
                            base::in_quotes(status), watts),
                std::string(kUnplug));
  }

  SensorInfo info_;
  std::vector<Battery> batteries_;
  std::vector<Charger> chargers_;
};

/// Volts times amperes where both are told; the firmware's own power otherwise (ACPI batteries that
/// count in mW).
base::Result<SysfsPower> open_power(const SensorHost& host, const std::string& folder) {
  auto product = SysfsPower::open(host, {folder + "/voltage_now", folder + "/current_now"},
                                  kMicroVoltMicroAmpere_w);
  if (product || product.error().category != ErrorCategory::kNotFound) return product;
  return SysfsPower::open(host, {folder + "/power_now"}, kMicroWatt_w);
}

base::Result<Battery> open_battery(const SensorHost& host, const std::string& folder,
                                   const std::string& name) {
  EDGETRAN_ASSIGN(SysfsFile status, SysfsFile::open(host, folder + "/status"));
  EDGETRAN_ASSIGN(SysfsPower power, open_power(host, folder));
  return Battery{name, std::move(status), std::move(power)};
}

/// Batteries of mice and headsets, and empty bays, are no supply of this machine.
bool supplies_machine(const SensorHost& host, const std::string& folder) {
  if (optional_text(host, folder + "/scope") == "Device") return false;
  return optional_number(host, folder + "/present").value_or(1) != 0;
}

struct Supplies {
  std::vector<Battery> batteries;
  std::vector<Charger> chargers;
};

base::Result<Supplies> open_supplies(const SensorHost& host) {
  Supplies supplies;
  for (const std::string& name : sysfs_entries(host, kFolder)) {
    const std::string folder = fmt::format("{}/{}", kFolder, name);
    if (!supplies_machine(host, folder)) continue;
    if (optional_text(host, folder + "/type") == "Battery") {
      EDGETRAN_ASSIGN(Battery battery, open_battery(host, folder, name));
      supplies.batteries.push_back(std::move(battery));
    } else if (auto online = SysfsNumber::open(host, folder + "/online")) {
      supplies.chargers.push_back({name, std::move(*online)});
    }
  }
  return supplies;
}

FoundSensors find(const SensorHost& host) {
  FoundSensors found;
  const auto problem = [&](const base::Error& error) {
    const bool missing = error.category == ErrorCategory::kNotFound;
    found.problems.push_back({std::string(kBattery.name), std::string(kFolder),
                              missing ? ErrorCategory::kDevice : error.category, error.message,
                              missing ? "this battery does not tell its power" : error.hint});
  };
  auto supplies = open_supplies(host);
  if (!supplies) {
    problem(supplies.error());
    return found;
  }
  if (supplies->batteries.empty()) return found;
  std::vector<std::string> names;
  for (const Battery& battery : supplies->batteries) names.push_back(battery.name);
  SensorInfo info;
  info.driver = kBattery.name;
  info.channel = "batteries";
  info.domain = base::join_words(names);
  info.source = kFolder;
  info.kind = SensorKind::kGauge;
  info.boundary = Boundary::kBoardInput;
  auto sensor = std::make_unique<BatterySensor>(std::move(info), std::move(supplies->batteries),
                                                std::move(supplies->chargers));
  if (const auto reading = sensor->read(); !reading) {
    problem(reading.error());
  } else {
    found.sensors.push_back(std::move(sensor));
  }
  return found;
}

}  // namespace

constinit const SensorDriver kBattery{
    .name = "battery", .text = "the machine's batteries, while they discharge", .find = find};

}  // namespace edgetran::profile::sensors
