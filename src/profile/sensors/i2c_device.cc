#include "profile/sensors/i2c_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/descriptor.h"
#include "base/system_error.h"

namespace edgetran::profile::sensors {
namespace {

using base::ErrorCategory;
using base::fail;

// Another master may hold the bus for a moment (EAGAIN: arbitration lost); the transfer is repeated
// at once a few times.
constexpr int kAttempts = 4;

class SystemI2cDevice final : public I2cDevice {
 public:
  SystemI2cDevice(base::Descriptor bus, std::filesystem::path path, uint8_t address)
      : bus_(std::move(bus)), path_(std::move(path)), address_(address) {}

  base::Result<uint16_t> read_register(uint8_t number) override {
    std::array<uint8_t, 2> bytes{};
    // One transfer with a repeated start: no other master comes between pointer and value.
    std::array<i2c_msg, 2> messages = {
        {{address_, 0, 1, &number}, {address_, I2C_M_RD, bytes.size(), bytes.data()}}};
    EDGETRAN_TRY(transfer(messages.data(), messages.size()));
    return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
  }

  base::Status write_register(uint8_t number, uint16_t value) override {
    std::array<uint8_t, 3> bytes = {number, static_cast<uint8_t>(value >> 8),
                                    static_cast<uint8_t>(value & 0xFF)};
    i2c_msg message{address_, 0, bytes.size(), bytes.data()};
    return transfer(&message, 1);
  }

 private:
  base::Status transfer(i2c_msg* messages, size_t count) {
    i2c_rdwr_ioctl_data data{messages, static_cast<uint32_t>(count)};
    int code = 0;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (::ioctl(bus_.get(), I2C_RDWR, &data) >= 0) return {};
      code = errno;
      if (code != EAGAIN && code != EINTR) break;
    }
    return fail(ErrorCategory::kDevice,
                fmt::format("the chip at 0x{:02x} on {} does not answer: {}", address_,
                            path_.string(), base::system_message(code)),
                "check wiring and address: i2cdetect -y BUS shows the chips that answer");
  }

  base::Descriptor bus_;
  std::filesystem::path path_;
  uint8_t address_;
};

base::Error open_error(const std::filesystem::path& path, int code) {
  base::Error error = base::system_error("cannot open", path, code);
  if (error.category == ErrorCategory::kPermission) {
    error.hint = "sudo usermod -aG i2c \"$USER\" and log in again";
  } else {
    error.category = ErrorCategory::kDevice;
    error.hint =
        "switch the bus on (Raspberry Pi: sudo raspi-config nonint do_i2c 0) and load "
        "its driver: sudo modprobe i2c-dev";
  }
  return error;
}

}  // namespace

base::Result<std::unique_ptr<I2cDevice>> open_i2c_device(const std::filesystem::path& path,
                                                         uint8_t address) {
  base::Descriptor bus(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!bus.valid()) return fail(open_error(path, errno));
  // I2C_RDWR does not ask whether a driver of the kernel has the chip; this does.
  if (::ioctl(bus.get(), I2C_SLAVE, static_cast<unsigned long>(address)) < 0) {
    const int code = errno;
    return fail(ErrorCategory::kDevice,
                fmt::format("cannot use the chip at 0x{:02x} on {}: {}", address, path.string(),
                            base::system_message(code)),
                code == EBUSY ? "a driver of the kernel has it: use its sensor (hwmon-power), or "
                                "unload the driver (sudo rmmod ina2xx)"
                              : "");
  }
  return std::make_unique<SystemI2cDevice>(std::move(bus), path, address);
}

}  // namespace edgetran::profile::sensors
