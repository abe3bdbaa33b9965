#include "profile/sensors/sysfs_reader.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/numbers.h"
#include "base/system_error.h"
#include "base/text.h"

namespace edgetran::profile::sensors {
namespace {

namespace fs = std::filesystem;
using base::ErrorCategory;
using base::fail;

// A driver that is busy with a conversion says EAGAIN (ina3221, adt7470); the next attempt a few
// microseconds later is answered, so a handful is enough, and a sensor that is stuck must not spin.
constexpr int kAttempts = 4;

base::Error read_error(const std::string& path, int code) {
  base::Error error = base::system_error("cannot read", path, code);
  if (error.category == ErrorCategory::kPermission) return error;
  error.category = ErrorCategory::kDevice;
  error.hint = code == ENODEV || code == ENXIO || code == ENOENT
                   ? "the device is gone: look for sensors again"
                   : "";
  return error;
}

}  // namespace

base::Result<SysfsFile> SysfsFile::open(const fs::path& path, Pread pread) {
  base::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.valid()) {
    base::Error error = base::system_error("cannot open", path, errno);
    if (error.category != ErrorCategory::kPermission && error.category != ErrorCategory::kNotFound)
      error.category = ErrorCategory::kDevice;
    return fail(std::move(error));
  }
  return SysfsFile(std::move(descriptor), path.string(), pread);
}

base::Result<std::string_view> SysfsFile::read() {
  ssize_t count = -1;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    count = pread_(descriptor_.get(), buffer_.data(), buffer_.size(), 0);
    if (count >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  if (count < 0) return fail(read_error(path_, errno));
  if (static_cast<size_t>(count) == buffer_.size()) {
    return fail(ErrorCategory::kDevice, fmt::format("{} has more than {} bytes; it is no value of "
                                                    "a sensor",
                                                    path_, buffer_.size() - 1));
  }
  const std::string_view text = base::trim({buffer_.data(), static_cast<size_t>(count)});
  if (text.empty()) return fail(ErrorCategory::kDevice, path_ + " is empty; a value was expected");
  return text;
}

base::Result<SysfsValue> SysfsValue::open(const fs::path& path, SysfsFile::Pread pread) {
  EDGETRAN_ASSIGN(SysfsFile file, SysfsFile::open(path, pread));
  return SysfsValue(std::move(file));
}

base::Result<int64_t> SysfsValue::read() {
  EDGETRAN_ASSIGN(const std::string_view text, file_.read());
  const auto value = base::parse_int64(text);
  if (!value) {
    return fail(ErrorCategory::kDevice, fmt::format("{} says {}; a whole number was expected",
                                                    file_.path(), base::in_quotes(text)));
  }
  return *value;
}

base::Result<SysfsPower> SysfsPower::open(const std::vector<fs::path>& factors, double unit_w) {
  SysfsPower power;
  power.unit_w_ = unit_w;
  for (const fs::path& path : factors) {
    EDGETRAN_ASSIGN(SysfsValue value, SysfsValue::open(path));
    power.factors_.push_back(std::move(value));
  }
  return power;
}

base::Result<double> SysfsPower::read() {
  double watts = unit_w_;
  for (SysfsValue& factor : factors_) {
    EDGETRAN_ASSIGN(const int64_t value, factor.read());
    watts *= static_cast<double>(value);
  }
  return watts;
}

base::Result<std::string> read_attribute(const fs::path& path) {
  EDGETRAN_ASSIGN(SysfsFile file, SysfsFile::open(path));
  EDGETRAN_ASSIGN(const std::string_view text, file.read());
  return std::string(text);
}

base::Result<int64_t> read_attribute_number(const fs::path& path) {
  EDGETRAN_ASSIGN(SysfsValue value, SysfsValue::open(path));
  return value.read();
}

std::vector<std::string> entry_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace edgetran::profile::sensors
