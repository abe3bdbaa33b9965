#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace edgetran::profile::sensors {

/// A small attribute file of the kernel, held open and read anew from its beginning each time.
class SysfsFile {
 public:
  using Pread = ssize_t (*)(int, void*, size_t, off_t);

  /// kNotFound, kPermission, kDevice. `pread` stands in for the system's in tests.
  static base::Result<SysfsFile> open(const std::filesystem::path& path, Pread pread = ::pread);
  /// Its present text without blanks around it, valid until the next call. Allocates nothing where
  /// it succeeds. kDevice: empty, too long, EAGAIN after its retries, gone (ENODEV, EIO, ...);
  /// kPermission.
  base::Result<std::string_view> read();
  const std::string& path() const { return path_; }

 private:
  SysfsFile(base::Descriptor descriptor, std::string path, Pread pread)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), pread_(pread) {}

  base::Descriptor descriptor_;
  std::string path_;
  Pread pread_;
  std::array<char, 128> buffer_{};
};

/// A whole number in such a file.
class SysfsValue {
 public:
  static base::Result<SysfsValue> open(const std::filesystem::path& path,
                                       SysfsFile::Pread pread = ::pread);
  /// As SysfsFile::read, and kDevice where the text is not a whole number that fits.
  base::Result<int64_t> read();

 private:
  explicit SysfsValue(SysfsFile file) : file_(std::move(file)) {}
  SysfsFile file_;
};

/// Power as the product of numbers in files: mV x mA, or mW alone.
class SysfsPower {
 public:
  /// `unit_w`: watts of one unit of the product (1e-6 for mV x mA). As SysfsValue::open.
  static base::Result<SysfsPower> open(const std::vector<std::filesystem::path>& factors,
                                       double unit_w);
  /// Watts, with the sign of the product. As SysfsValue::read.
  base::Result<double> read();

 private:
  std::vector<SysfsValue> factors_;
  double unit_w_ = 0;
};

/// The text of an attribute, once.
base::Result<std::string> read_attribute(const std::filesystem::path& path);

/// A number in an attribute, once.
base::Result<int64_t> read_attribute_number(const std::filesystem::path& path);

/// Entries of a folder by name, in order of name; empty where it cannot be read.
std::vector<std::string> entry_names(const std::filesystem::path& folder);

}  // namespace edgetran::profile::sensors
