#include <fmt/format.h>

#include "profile/sensors/drivers.h"
#include "profile/sensors/jetson_rails.h"
#include "profile/sensors/sysfs_reader.h"

namespace edgetran::profile::sensors {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "/sys/bus/i2c/drivers/ina3221x";
constexpr int kChannels = 3;
constexpr double kMilliWatt_w = 1e-3;

FoundSensors find(const SensorHost& host) {
  std::vector<JetsonChannel> channels;
  for (const I2cFolder& chip : i2c_folders(host, kFolder)) {
    for (const std::string& name : entry_names(chip.path)) {
      // "iio:device0"; releases before 28 call the same folder "iio_device".
      if (!name.starts_with("iio:device") && name != "iio_device") continue;
      for (int channel = 0; channel < kChannels; ++channel) {
        const fs::path power = chip.path / name / fmt::format("in_power{}_input", channel);
        std::error_code code;
        if (!fs::exists(power, code)) continue;
        JetsonChannel found;
        found.label =
            read_attribute(chip.path / name / fmt::format("rail_name_{}", channel)).value_or("");
        if (found.label == "NC") continue;
        found.place = fmt::format("{}:{}", chip.name, channel);
        found.address = chip.address;
        found.source =
            fmt::format("{}/{}/{}/{}", kFolder, chip.name, name, power.filename().string());
        found.factors = {power};
        channels.push_back(std::move(found));
      }
      break;  // a chip is one device; the older name may be a link to the newer
    }
  }
  return jetson_sensors(kJetsonIio.name, channels, kMilliWatt_w);
}

}  // namespace

constinit const SensorDriver kJetsonIio{
    .name = "jetson-iio",
    .text = "power rails of NVIDIA Jetson boards, JetPack 4 and earlier",
    .find = find};

}  // namespace edgetran::profile::sensors
