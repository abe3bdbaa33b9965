#include "profile/sensors/jetson_hwmon.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "profile/sensors/drivers.h"
#include "profile/sensors/jetson_rails.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {
namespace {

constexpr std::string_view kFolder = "/sys/bus/i2c/drivers/ina3221";
// The chip has three channels; in7 and curr4 are sums that its driver makes of them.
constexpr int kChannels = 3;
constexpr double kMilliVoltMilliAmpere_w = 1e-6;
// Smallest step of the shunt voltage (Texas Instruments SBOS576, INA3221: 40 uV).
constexpr double kShuntStep_v = 40e-6;

/// The step of the current times the present voltage; 0 where the shunt is not told.
double resolution_w(const SensorHost& host, const std::string& folder, int channel) {
  const auto shunt_uohm =
      optional_number(host, fmt::format("{}/shunt{}_resistor", folder, channel));
  const auto bus_mv = optional_number(host, fmt::format("{}/in{}_input", folder, channel));
  if (!shunt_uohm || *shunt_uohm <= 0 || !bus_mv || *bus_mv <= 0) return 0;
  const double step_a = kShuntStep_v / (static_cast<double>(*shunt_uohm) * 1e-6);
  return step_a * static_cast<double>(*bus_mv) * 1e-3;
}

/// One channel of a chip; nullopt where it is not there, not connected or switched off.
std::optional<JetsonChannel> read_channel(const SensorHost& host, const I2cFolder& chip,
                                          const std::string& folder, int channel) {
  const std::string bus = fmt::format("in{}_input", channel);
  const std::string current = fmt::format("curr{}_input", channel);
  const auto files = sysfs_entries(host, folder);
  for (const std::string& file : {bus, current}) {
    if (!std::binary_search(files.begin(), files.end(), file)) return std::nullopt;
  }
  if (optional_number(host, fmt::format("{}/in{}_enable", folder, channel)) == 0)
    return std::nullopt;
  JetsonChannel found;
  found.label = optional_text(host, fmt::format("{}/in{}_label", folder, channel));
  if (found.label == "NC") return std::nullopt;
  found.place = fmt::format("{}:{}", chip.name, channel);
  found.address = chip.address;
  found.source = fmt::format("{}/{}, {}", folder, bus, current);
  found.factors = {fmt::format("{}/{}", folder, bus), fmt::format("{}/{}", folder, current)};
  found.resolution_w = resolution_w(host, folder, channel);
  // Milliseconds over which the chip averages before it shows new values (Documentation/hwmon/
  // ina3221.rst); older kernels do not tell.
  const auto interval_ms = optional_number(host, folder + "/update_interval");
  found.averaging_s = static_cast<double>(interval_ms.value_or(0)) * 1e-3;
  return found;
}

std::vector<JetsonChannel> read_channels(const SensorHost& host, const I2cFolder& chip) {
  std::vector<JetsonChannel> channels;
  for (const std::string& name : sysfs_entries(host, chip.path + "/hwmon")) {
    if (!name.starts_with("hwmon")) continue;
    const std::string folder = fmt::format("{}/hwmon/{}", chip.path, name);
    for (int channel = 1; channel <= kChannels; ++channel) {
      auto found = read_channel(host, chip, folder, channel);
      if (found) channels.push_back(std::move(*found));
    }
  }
  return channels;
}

struct Board {
  std::vector<std::string> chips;
  std::vector<JetsonChannel> channels;
};

/// The chips of the board itself and their channels; none where this is no Jetson.
Board find_board(const SensorHost& host) {
  Board board;
  for (const I2cFolder& chip : i2c_folders(host, kFolder)) {
    auto channels = read_channels(host, chip);
    // Labels come from the device tree of the board: a chip without any was added by its user, and
    // what flows there need not come from the module.
    if (std::all_of(channels.begin(), channels.end(),
                    [](const JetsonChannel& channel) { return channel.label.empty(); }))
      continue;
    board.chips.push_back(chip.name);
    std::move(channels.begin(), channels.end(), std::back_inserter(board.channels));
  }
  return is_jetson(host, board.channels) ? board : Board{};
}

FoundSensors find(const SensorHost& host) {
  return jetson_sensors(host, kJetsonHwmon.name, find_board(host).channels,
                        kMilliVoltMilliAmpere_w);
}

}  // namespace

std::vector<std::string> jetson_hwmon_chips(const SensorHost& host) {
  return find_board(host).chips;
}

constinit const SensorDriver kJetsonHwmon{
    .name = "jetson-hwmon",
    .text = "power rails of NVIDIA Jetson boards, JetPack 5 and later",
    .find = find};

}  // namespace edgetran::profile::sensors
