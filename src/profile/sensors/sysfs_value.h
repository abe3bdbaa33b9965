#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// A small file of the kernel, kept open: each reading is one pread from the beginning, for which
/// sysfs asks the driver anew.
class SysfsFile {
 public:
  /// `path` is below the host's root. kNotFound, kPermission, kDevice.
  static base::Result<SysfsFile> open(const SensorHost& host, const std::string& path);
  /// Its present bytes, in `buffer`; a text that fills it may go on. Allocates nothing where it
  /// succeeds. kDevice: gone, busy (EAGAIN) after a few tries; kPermission.
  base::Result<std::string_view> read(std::span<char> buffer) const;
  const std::string& path() const { return path_; }

 private:
  base::Descriptor descriptor_;
  std::string path_;
  std::function<ssize_t(int, void*, size_t)> pread_;
};

/// A whole number in such a file.
class SysfsNumber {
 public:
  /// As SysfsFile::open.
  static base::Result<SysfsNumber> open(const SensorHost& host, const std::string& path);
  /// As SysfsFile::read, and kDevice where the text is not a whole number of at most 64 bits.
  base::Result<int64_t> read() const;
  const std::string& path() const { return file_.path(); }

 private:
  explicit SysfsNumber(SysfsFile file) : file_(std::move(file)) {}
  SysfsFile file_;
};

/// Power as the product of numbers in files: millivolts x milliamperes, or milliwatts alone.
class SysfsPower {
 public:
  /// `unit_w`: watts of one unit of the product (1e-6 for mV x mA). As SysfsFile::open.
  static base::Result<SysfsPower> open(const SensorHost& host,
                                       const std::vector<std::string>& factors, double unit_w);
  /// Watts, with the sign of the product. As SysfsNumber::read.
  base::Result<double> read() const;

 private:
  std::vector<SysfsNumber> factors_;
  double unit_w_ = 0;
};

/// The whole text of a small file (under 4 KiB) without the blanks and line end around it.
base::Result<std::string> sysfs_text(const SensorHost& host, const std::string& path);
/// The error of a file whose text is something else than `wanted`: kDevice.
base::Error unexpected_text(const std::string& path, std::string_view text,
                            std::string_view wanted);
/// The text, or empty where it cannot be had: for labels and other things that may be absent.
std::string optional_text(const SensorHost& host, const std::string& path);
/// The number, or nullopt where it cannot be had.
std::optional<int64_t> optional_number(const SensorHost& host, const std::string& path);
/// Names in a folder, sorted; empty where there is no such folder.
std::vector<std::string> sysfs_entries(const SensorHost& host, std::string_view path);

/// A counter whose ticks are the number in a file. A reading is kDevice where the number is
/// negative or beyond the range.
base::Result<std::unique_ptr<Sensor>> open_counter(const SensorHost& host, SensorInfo info);
/// A gauge whose watts are the number in a file times `unit_w`. A reading is kDevice where the
/// number is negative. Both read info.source.
base::Result<std::unique_ptr<Sensor>> open_gauge(const SensorHost& host, SensorInfo info,
                                                 double unit_w);

/// Adds a sensor that was opened and answers a first reading; otherwise its problem, unless it is
/// just not there. `permission_fix` is what to do where access was refused.
void add_sensor(FoundSensors& found, const SensorInfo& info,
                base::Result<std::unique_ptr<Sensor>> sensor, std::string_view permission_fix);

}  // namespace edgetran::profile::sensors
