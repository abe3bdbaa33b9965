#include <fmt/format.h>

#include <algorithm>

#include "profile/sensors/drivers.h"
#include "profile/sensors/jetson_rails.h"
#include "profile/sensors/sysfs_value.h"

namespace edgetran::profile::sensors {
namespace {

constexpr std::string_view kFolder = "/sys/bus/i2c/drivers/ina3221x";
constexpr int kChannels = 3;
constexpr double kMilliWatt_w = 1e-3;

FoundSensors find(const SensorHost& host) {
  std::vector<JetsonChannel> channels;
  for (const I2cFolder& chip : i2c_folders(host, kFolder)) {
    for (const std::string& name : sysfs_entries(host, chip.path)) {
      // "iio:device0"; releases before 28 call the same folder "iio_device".
      if (!name.starts_with("iio:device") && name != "iio_device") continue;
      const std::string folder = fmt::format("{}/{}/", chip.path, name);
      const auto files = sysfs_entries(host, folder);
      for (int channel = 0; channel < kChannels; ++channel) {
        const std::string power = fmt::format("in_power{}_input", channel);
        if (!std::binary_search(files.begin(), files.end(), power)) continue;
        JetsonChannel found;
        found.label = optional_text(host, fmt::format("{}rail_name_{}", folder, channel));
        if (found.label == "NC") continue;
        found.place = fmt::format("{}:{}", chip.name, channel);
        found.address = chip.address;
        found.source = folder + power;
        found.factors = {folder + power};
        channels.push_back(std::move(found));
      }
      break;  // a chip is one device; the older name may be a link to the newer
    }
  }
  return jetson_sensors(host, kJetsonIio.name, channels, kMilliWatt_w);
}

}  // namespace

constinit const SensorDriver kJetsonIio{
    .name = "jetson-iio",
    .text = "power rails of NVIDIA Jetson boards, JetPack 4 and earlier",
    .find = find};

}  // namespace edgetran::profile::sensors
