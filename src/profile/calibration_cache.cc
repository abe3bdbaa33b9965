#include "profile/calibration_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/hash.h"
#include "profile/power_plan.h"
#include "profile/sensor_json.h"

namespace edgetran::profile {

namespace {

using base::Json;

constexpr const char* kFormat = "edgetran.calibrations/2";
constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kHashDigits = 16;  // 64 bits: a machine has tens of sensors

Json calibration_json(const Calibration& calibration) {
  return {{"update_s", calibration.update_s},
          {"read_s", calibration.read_s},
          {"resolution_w", calibration.resolution_w},
          {"resolution_ticks", calibration.resolution_ticks},
          {"readings", calibration.readings},
          {"changes", calibration.changes}};
}

std::optional<Calibration> calibration_of(const Json& json) {
  try {
    return Calibration{.update_s = json.at("update_s").get<double>(),
                       .read_s = json.at("read_s").get<double>(),
                       .resolution_w = json.at("resolution_w").get<double>(),
                       .resolution_ticks = json.at("resolution_ticks").get<uint64_t>(),
                       .readings = json.at("readings").get<int64_t>(),
                       .changes = json.at("changes").get<int64_t>()};
  } catch (const Json::exception&) {
    return std::nullopt;  // a damaged cache is made anew
  }
}

/// A regular file, no link, of this user, that no other may write. A false period from elsewhere
/// would falsify the energy of every measurement until the next boot.
base::Descriptor open_own(const std::filesystem::path& file) {
  base::Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat found {};
  const bool own = descriptor.valid() && ::fstat(descriptor.get(), &found) == 0 &&
                   S_ISREG(found.st_mode) && found.st_uid == ::geteuid() &&
                   (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  return own ? std::move(descriptor) : base::Descriptor();
}

/// Empty where there is no such file, and where it is too long to be one.
std::string read_own(const std::filesystem::path& file) {
  const base::Descriptor descriptor = open_own(file);
  std::string text;
  std::array<char, 4096> buffer;
  while (descriptor.valid() && text.size() <= kMaxBytes) {
    const ssize_t count = ::read(descriptor.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  return text.size() <= kMaxBytes ? text : "";
}

/// Readable by this user only, under a name that nobody can guess, then renamed: a link that
/// somebody laid at the name is replaced and not followed, as base::AtomicFile would.
void write_own(const std::filesystem::path& file, std::string_view text) {
  std::string name = file.string() + ".XXXXXX";
  const base::Descriptor descriptor(::mkostemp(name.data(), O_CLOEXEC));
  if (!descriptor.valid()) return;
  const ssize_t count = ::write(descriptor.get(), text.data(), text.size());
  const bool whole = count >= 0 && static_cast<size_t>(count) == text.size();
  if (!whole || std::rename(name.c_str(), file.c_str()) != 0) ::unlink(name.c_str());
}

}  // namespace

std::string calibration_key(const SensorInfo& info) {
  PowerTrace trace;
  trace.info = info;
  const std::string hash = base::sha256_hex(base::dump_json(sensor_json(trace)));
  return fmt::format("{} {}", sensor_name(info), hash.substr(0, kHashDigits));
}

CalibrationCache::CalibrationCache(std::filesystem::path file, std::string boot)
    : file_(std::move(file)), boot_(std::move(boot)) {
  if (file_.empty() || boot_.empty()) return;
  const auto json = base::parse_json(read_own(file_), file_.string());
  if (!json || !json->is_object()) return;
  const bool ours = json->value("format", Json()) == kFormat &&
                    json->value("boot", Json()) == boot_ && json->contains("sensors") &&
                    json->at("sensors").is_object();
  if (ours) sensors_ = json->at("sensors");
}

std::optional<Calibration> CalibrationCache::find(const SensorInfo& info) const {
  const auto found = sensors_.find(calibration_key(info));
  return found == sensors_.end() ? std::nullopt : calibration_of(*found);
}

void CalibrationCache::keep(const SensorInfo& info, const Calibration& calibration) {
  sensors_[calibration_key(info)] = calibration_json(calibration);
  if (file_.empty() || boot_.empty()) return;
  const Json json = {{"format", kFormat}, {"boot", boot_}, {"sensors", sensors_}};
  write_own(file_, base::dump_json(json) + "\n");
}

}  // namespace edgetran::profile
