#include "profile/sensors/sysfs_value.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/numbers.h"
#include "base/system_error.h"
#include "base/text.h"

namespace edgetran::profile::sensors {

namespace {

using base::ErrorCategory;

/// A chip that is in the middle of a conversion answers EAGAIN at once, so a few tries cost
/// microseconds; one that still has nothing then is not waited for inside a measured window.
constexpr int kTries = 4;
constexpr size_t kTextBytes = 4096;  // sysfs never shows more than a page
constexpr size_t kNumberBytes = 64;  // 20 digits, a sign, a line end, and room to see too much

/// Refused stays kPermission, absent kNotFound; everything else is a device that does not answer.
base::Error device_error(std::string_view action, const std::string& path, int code) {
  base::Error error = base::system_error(action, path, code);
  if (error.category == ErrorCategory::kPermission) return error;
  if (error.category != ErrorCategory::kNotFound) error.category = ErrorCategory::kDevice;
  error.hint.clear();
  return error;
}

class SysfsSensor final : public Sensor {
 public:
  SysfsSensor(SensorInfo info, SysfsNumber number, double unit_w)
      : info_(std::move(info)), number_(std::move(number)), unit_w_(unit_w) {}

  const SensorInfo& info() const override { return info_; }

  base::Result<Reading> read() override {
    EDGETRAN_ASSIGN(const int64_t value, number_.read());
    if (value < 0) {
      return base::fail(ErrorCategory::kDevice,
                        fmt::format("{} says {}; energy and consumed power are never negative",
                                    number_.path(), value));
    }
    if (info_.kind == SensorKind::kGauge) return Reading{0, static_cast<double>(value) * unit_w_};
    const auto ticks = static_cast<uint64_t>(value);
    if (info_.range_ticks != 0 && ticks >= info_.range_ticks) {
      return base::fail(ErrorCategory::kDevice,
                        fmt::format("{} says {}; its largest value is {}", number_.path(), ticks,
                                    info_.range_ticks - 1));
    }
    return Reading{ticks, 0};
  }

 private:
  SensorInfo info_;
  SysfsNumber number_;
  double unit_w_;
};

}  // namespace

base::Result<SysfsFile> SysfsFile::open(const SensorHost& host, const std::string& path) {
  const auto full = host.at(path);
  SysfsFile file;
  file.descriptor_ = base::Descriptor(
      host.open ? host.open(full) : ::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.descriptor_.valid()) return base::fail(device_error("cannot open", path, errno));
  file.path_ = path;
  file.pread_ = host.pread ? host.pread : [](int descriptor, void* buffer, size_t size) {
    return ::pread(descriptor, buffer, size, 0);
  };
  return file;
}

base::Result<std::string_view> SysfsFile::read(std::span<char> buffer) const {
  for (int attempt = 1;; ++attempt) {
    const ssize_t count = pread_(descriptor_.get(), buffer.data(), buffer.size());
    if (count >= 0) return std::string_view(buffer.data(), static_cast<size_t>(count));
    const int code = errno;
    if ((code == EAGAIN || code == EINTR) && attempt < kTries) continue;
    base::Error error = device_error("cannot read", path_, code);
    // A file that was open and is now missing has lost its device.
    if (error.category == ErrorCategory::kNotFound) error.category = ErrorCategory::kDevice;
    if (code == ENOENT || code == ENODEV || code == ENXIO) {
      error.hint = "the device is gone: look for sensors again";
    }
    return base::fail(std::move(error));
  }
}

base::Result<SysfsNumber> SysfsNumber::open(const SensorHost& host, const std::string& path) {
  EDGETRAN_ASSIGN(SysfsFile file, SysfsFile::open(host, path));
  return SysfsNumber(std::move(file));
}

base::Result<int64_t> SysfsNumber::read() const {
  std::array<char, kNumberBytes> buffer;
  EDGETRAN_ASSIGN(const std::string_view all, file_.read(buffer));
  const std::string_view text = base::trim(all);
  const auto value = base::parse_int64(text);
  if (!value || all.size() == buffer.size()) {
    return base::fail(unexpected_text(path(), text, "a whole number of at most 64 bits"));
  }
  return *value;
}

base::Result<SysfsPower> SysfsPower::open(const SensorHost& host,
                                          const std::vector<std::string>& factors, double unit_w) {
  SysfsPower power;
  power.unit_w_ = unit_w;
  for (const std::string& path : factors) {
    EDGETRAN_ASSIGN(SysfsNumber number, SysfsNumber::open(host, path));
    power.factors_.push_back(std::move(number));
  }
  return power;
}

base::Result<double> SysfsPower::read() const {
  double watts = unit_w_;
  for (const SysfsNumber& factor : factors_) {
    EDGETRAN_ASSIGN(const int64_t value, factor.read());
    watts *= static_cast<double>(value);
  }
  return watts;
}

base::Result<std::string> sysfs_text(const SensorHost& host, const std::string& path) {
  EDGETRAN_ASSIGN(const SysfsFile file, SysfsFile::open(host, path));
  std::string buffer(kTextBytes, '\0');
  EDGETRAN_ASSIGN(const std::string_view text, file.read(buffer));
  return std::string(base::trim(text));
}

base::Error unexpected_text(const std::string& path, std::string_view text,
                            std::string_view wanted) {
  return {ErrorCategory::kDevice,
          fmt::format("{} says {}; {} is expected", path, base::in_quotes(text), wanted), ""};
}

std::string optional_text(const SensorHost& host, const std::string& path) {
  return sysfs_text(host, path).value_or("");
}

std::optional<int64_t> optional_number(const SensorHost& host, const std::string& path) {
  const auto text = sysfs_text(host, path);
  return text ? base::parse_int64(*text) : std::nullopt;
}

std::vector<std::string> sysfs_entries(const SensorHost& host, std::string_view path) {
  std::vector<std::string> names;
  std::error_code code;
  for (std::filesystem::directory_iterator entry(host.at(path), code), end; !code && entry != end;
       entry.increment(code)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::unique_ptr<Sensor>> open_counter(const SensorHost& host, SensorInfo info) {
  EDGETRAN_ASSIGN(SysfsNumber number, SysfsNumber::open(host, info.source));
  return std::make_unique<SysfsSensor>(std::move(info), std::move(number), 0);
}

base::Result<std::unique_ptr<Sensor>> open_gauge(const SensorHost& host, SensorInfo info,
                                                 double unit_w) {
  EDGETRAN_ASSIGN(SysfsNumber number, SysfsNumber::open(host, info.source));
  return std::make_unique<SysfsSensor>(std::move(info), std::move(number), unit_w);
}

void add_sensor(FoundSensors& found, const SensorInfo& info,
                base::Result<std::unique_ptr<Sensor>> sensor, std::string_view permission_fix) {
  base::Error error;
  if (!sensor) {
    error = std::move(sensor).error();
    if (error.category == ErrorCategory::kNotFound) return;
  } else if (auto reading = (*sensor)->read(); !reading) {
    error = std::move(reading).error();
  } else {
    found.sensors.push_back(std::move(*sensor));
    return;
  }
  const bool refused = error.category == ErrorCategory::kPermission;
  found.problems.push_back({info.driver,
                            info.source,
                            error.category,
                            std::move(error.message),
                            refused ? std::string(permission_fix) : std::move(error.hint),
                            {info}});
}

}  // namespace edgetran::profile::sensors
