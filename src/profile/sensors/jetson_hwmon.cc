#include <fmt/format.h>

#include <optional>

#include "profile/sensors/drivers.h"
#include "profile/sensors/jetson_rails.h"
#include "profile/sensors/sysfs_reader.h"

namespace edgetran::profile::sensors {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "/sys/bus/i2c/drivers/ina3221";
// The chip has three channels; in7 and curr4 are sums that its driver makes of them.
constexpr int kChannels = 3;
constexpr double kMilliVoltMilliAmpere_w = 1e-6;
// Smallest step of the shunt voltage (Texas Instruments SBOS576, INA3221: 40 uV).
constexpr double kShuntStep_v = 40e-6;

std::optional<int64_t> number(const fs::path& path) {
  const auto value = read_attribute_number(path);
  return value ? std::optional(*value) : std::nullopt;
}

/// The step of the current times the present voltage; 0 where the shunt is not told.
double resolution_w(const fs::path& folder, int channel) {
  const auto shunt_uohm = number(folder / fmt::format("shunt{}_resistor", channel));
  const auto bus_mv = number(folder / fmt::format("in{}_input", channel));
  if (!shunt_uohm || *shunt_uohm <= 0 || !bus_mv || *bus_mv <= 0) return 0;
  const double step_a = kShuntStep_v / (static_cast<double>(*shunt_uohm) * 1e-6);
  return step_a * static_cast<double>(*bus_mv) * 1e-3;
}

/// One channel of a chip; nullopt where it is not there, not connected or switched off.
std::optional<JetsonChannel> read_channel(const I2cFolder& chip, const fs::path& folder,
                                          const std::string& source, int channel) {
  const std::string bus = fmt::format("in{}_input", channel);
  const std::string current = fmt::format("curr{}_input", channel);
  std::error_code code;
  if (!fs::exists(folder / bus, code) || !fs::exists(folder / current, code)) return std::nullopt;
  if (number(folder / fmt::format("in{}_enable", channel)) == 0) return std::nullopt;
  JetsonChannel found;
  found.label = read_attribute(folder / fmt::format("in{}_label", channel)).value_or("");
  if (found.label == "NC") return std::nullopt;
  found.place = fmt::format("{}:{}", chip.name, channel);
  found.address = chip.address;
  found.source = fmt::format("{}/{}, {}", source, bus, current);
  found.factors = {folder / bus, folder / current};
  found.resolution_w = resolution_w(folder, channel);
  // Milliseconds over which the chip averages before it shows new values (Documentation/hwmon/
  // ina3221.rst); older kernels do not tell.
  found.averaging_s = static_cast<double>(number(folder / "update_interval").value_or(0)) * 1e-3;
  return found;
}

FoundSensors find(const SensorHost& host) {
  std::vector<JetsonChannel> channels;
  for (const I2cFolder& chip : i2c_folders(host, kFolder)) {
    for (const std::string& name : entry_names(chip.path / "hwmon")) {
      if (!name.starts_with("hwmon")) continue;
      const std::string source = fmt::format("{}/{}/hwmon/{}", kFolder, chip.name, name);
      for (int channel = 1; channel <= kChannels; ++channel) {
        auto found = read_channel(chip, chip.path / "hwmon" / name, source, channel);
        if (found) channels.push_back(std::move(*found));
      }
    }
  }
  return jetson_sensors(kJetsonHwmon.name, channels, kMilliVoltMilliAmpere_w);
}

}  // namespace

constinit const SensorDriver kJetsonHwmon{
    .name = "jetson-hwmon",
    .text = "power rails of NVIDIA Jetson boards, JetPack 5 and later",
    .find = find};

}  // namespace edgetran::profile::sensors
