// hwmon-power: powerN_average or powerN_input in microwatts.

#include "profile/sensors/drivers.h"
#include "profile/sensors/hwmon_chip.h"
#include "profile/sensors/set_limit.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {

namespace {

constexpr std::string_view kName = "hwmon-power";
constexpr double kWattsPerMicrowatt = 1e-6;
constexpr double kSecondsPerMillisecond = 1e-3;

/// A positive number; nullopt where it is absent, not a number or 0 ("not known" by convention).
std::optional<double> positive(const SensorHost& host, const HwmonChip& chip,
                               const std::string& file) {
  const auto value = optional_number(host, chip.path(file));
  if (!value || *value <= 0) return std::nullopt;
  return static_cast<double>(*value);
}

/// Which file is read. A mean over a known time loses nothing between two readings; a mean over an
/// unknown one may reach far back into another phase, so that a momentary value is better.
void choose_file(const SensorHost& host, const HwmonChip& chip, const std::string& stem,
                 SensorInfo& info) {
  const auto interval = positive(host, chip, stem + "_average_interval");
  const bool has_average = chip.has(stem + "_average");
  const bool averages = has_average && (interval || !chip.has(stem + "_input"));
  info.source = chip.path(stem + (averages ? "_average" : "_input"));
  if (averages && interval) info.averaging_s = *interval * kSecondsPerMillisecond;
}

/// rated_max is the hardware's limit. cap_max is the largest limit that can be set for the
/// regulated mean: a mean keeps to it, a momentary value may pass it, so it rates means only.
std::optional<double> rating(const SensorHost& host, const HwmonChip& chip, const std::string& stem,
                             bool averages) {
  auto limit = positive(host, chip, stem + "_rated_max");
  if (!limit && averages) {
    limit = positive(host, chip, stem + "_cap_max");
    if (limit) *limit *= kAboveSetLimit;
  }
  if (limit) *limit *= kWattsPerMicrowatt;
  return limit;
}

FoundSensors find(const SensorHost& host) {
  FoundSensors found;
  for (const HwmonChip& chip : hwmon_chips(host)) {
    const auto channels = hwmon_channels(host, chip, "power", {"_input", "_average"});
    if (!channels.empty() && !chip.distinct) found.problems.push_back(indistinct_chip(chip, kName));
    if (!chip.distinct) continue;
    for (const HwmonChannel& channel : channels) {
      SensorInfo info = hwmon_info(host, chip, channel, kName);
      choose_file(host, chip, channel.stem, info);
      info.rating_w = rating(host, chip, channel.stem, info.source.ends_with("_average"));
      add_sensor(found, info, open_gauge(host, info, kWattsPerMicrowatt), kHwmonPermissionFix);
    }
  }
  return found;
}

}  // namespace

const SensorDriver kHwmonPower{
    .name = kName, .text = "Power readings of chips in hwmon", .find = find};

}  // namespace edgetran::profile::sensors
