// hwmon-energy: energyN_input in microjoules.

#include "profile/sensors/drivers.h"
#include "profile/sensors/hwmon_chip.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {

namespace {

constexpr std::string_view kName = "hwmon-energy";

FoundSensors find(const SensorHost& host) {
  FoundSensors found;
  for (const HwmonChip& chip : hwmon_chips(host)) {
    const auto channels = hwmon_channels(host, chip, "energy", {"_input"});
    if (!channels.empty() && !chip.distinct) found.problems.push_back(indistinct_chip(chip, kName));
    if (!chip.distinct) continue;
    for (const HwmonChannel& channel : channels) {
      SensorInfo info = hwmon_info(host, chip, channel, kName);
      info.source = chip.path(channel.stem + "_input");
      info.kind = SensorKind::kCounter;
      info.joules_per_tick = 1e-6;
      // range_ticks stays 0: the ABI has no file for it, and the drivers add their registers' 32
      // bits up to 64 (amd_energy, i915, xe). One that does not would step back at its wrap, which
      // as a step of nearly 2^64 is an impossible power: the window is invalid, not wrong.
      add_sensor(found, info, open_counter(host, info), kHwmonPermissionFix);
    }
  }
  return found;
}

}  // namespace

const SensorDriver kHwmonEnergy{
    .name = kName, .text = "Energy counters of chips in hwmon", .find = find};

}  // namespace edgetran::profile::sensors
