#include "profile/sensors/rpi5_pmic.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/descriptor.h"
#include "base/files.h"
#include "base/system_error.h"
#include "base/text.h"
#include "profile/sensors/drivers.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;

// The names in the root of the device tree, each ended by a zero byte. The Pi 5, the Pi 500 and the
// Compute Module 5 have this chip and the power management chip with it; others do not.
constexpr std::string_view kCompatible = "/proc/device-tree/compatible";
constexpr std::string_view kChip = "brcm,bcm2712";
constexpr std::string_view kMailbox = "/dev/vcio";
constexpr uint64_t kCompatibleLimitBytes = 4096;

class PmicSensor final : public Sensor {
 public:
  /// `rails`: as many as the firmware told at first; fewer later is no smaller power but a fault.
  PmicSensor(SensorInfo info, std::unique_ptr<PmicPort> port, size_t rails)
      : info_(std::move(info)), port_(std::move(port)), rails_(rails) {}

  const SensorInfo& info() const override { return info_; }

  base::Result<Reading> read() override {
    EDGETRAN_ASSIGN(const std::string_view text, port_->read());
    EDGETRAN_ASSIGN(const PmicSums sums, sum_pmic_rails(text));
    if (sums.rails != rails_) {
      return base::fail(
          ErrorCategory::kDevice,
          fmt::format("pmic_read_adc tells {} whole rails; it told {} before", sums.rails, rails_));
    }
    return Reading{.watts = sums.watts};
  }

 private:
  SensorInfo info_;
  std::unique_ptr<PmicPort> port_;
  size_t rails_;
};

/// ioctl on the firmware's device. Kernel: drivers/char/broadcom/vcio.c, _IOWR(100, 0, char *).
base::Result<VcioExchange> open_mailbox(const std::filesystem::path& path) {
  auto device = std::make_shared<base::Descriptor>(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!device->valid()) return base::fail(base::system_error("cannot open", path, errno));
  return VcioExchange([device](std::span<uint32_t> message) {
    constexpr unsigned long kProperty = _IOWR(100, 0, char*);
    return ::ioctl(device->get(), kProperty, message.data()) < 0 ? errno : 0;
  });
}

/// The firmware's own device; without it the program, which a container may have in its place.
base::Result<std::unique_ptr<PmicPort>> open_port(const SensorHost& host, const PmicHooks& hooks) {
  if (hooks.exchange) return make_mailbox_port(hooks.exchange);
  auto mailbox = open_mailbox(host.at(kMailbox));
  if (mailbox) return make_mailbox_port(std::move(*mailbox));
  if (mailbox.error().category == ErrorCategory::kPermission) return base::fail(mailbox.error());
  return make_program_port(hooks.program.empty()
                               ? std::vector<std::string>{"vcgencmd", "pmic_read_adc"}
                               : hooks.program);
}

std::string fix_of(const base::Error& error) {
  switch (error.category) {
    case ErrorCategory::kPermission:
      return "sudo usermod -aG video \"$USER\" and log in again";
    case ErrorCategory::kNotFound:
      return "sudo apt-get install raspi-utils";
    default:
      return error.hint;
  }
}

bool is_pi5(const SensorHost& host) {
  const auto names = base::read_file(host.at(kCompatible), kCompatibleLimitBytes);
  if (!names) return false;
  const auto parts = base::split(*names, '\0');
  return std::find(parts.begin(), parts.end(), kChip) != parts.end();
}

/// The sensor where its first reading succeeds.
base::Result<std::unique_ptr<Sensor>> open_sensor(const SensorHost& host, const PmicHooks& hooks) {
  EDGETRAN_ASSIGN(std::unique_ptr<PmicPort> port, open_port(host, hooks));
  EDGETRAN_ASSIGN(const std::string_view text, port->read());
  EDGETRAN_ASSIGN(const PmicSums sums, sum_pmic_rails(text));
  SensorInfo info;
  info.driver = kRpi5Pmic.name;
  // One channel only: a single rail costs the same call to the firmware as all of them.
  info.channel = "soc-rails";
  info.domain = fmt::format("sum of {} rails behind the power management chip", sums.rails);
  info.source = "pmic_read_adc";
  info.kind = SensorKind::kGauge;
  // The 5 V input has a voltage and no current: what the USB ports, the fan and the losses of the
  // converters take is not seen.
  info.boundary = Boundary::kSocRails;
  return std::make_unique<PmicSensor>(std::move(info), std::move(port), sums.rails);
}

FoundSensors find(const SensorHost& host) { return find_rpi5_pmic(host, {}); }

}  // namespace

FoundSensors find_rpi5_pmic(const SensorHost& host, const PmicHooks& hooks) {
  FoundSensors found;
  if (!is_pi5(host)) return found;
  auto sensor = open_sensor(host, hooks);
  if (sensor) {
    found.sensors.push_back(std::move(*sensor));
  } else {
    const base::Error& error = sensor.error();
    const bool no_program = error.category == ErrorCategory::kNotFound;
    found.problems.push_back({std::string(kRpi5Pmic.name), std::string(kMailbox),
                              no_program ? ErrorCategory::kDevice : error.category, error.message,
                              fix_of(error)});
  }
  return found;
}

constinit const SensorDriver kRpi5Pmic{
    .name = "rpi5-pmic",
    .text = "rails behind the power management chip of a Raspberry Pi 5",
    .find = find};

}  // namespace edgetran::profile::sensors
