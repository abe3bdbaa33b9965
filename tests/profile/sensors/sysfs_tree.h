#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors::testing {

/// A kernel's files under a folder of the test, and the ways in which they fail. Removed at the
/// end.
class SysfsTree {
 public:
  SysfsTree() : folder_(base::TemporaryFolder::create("sysfs").value()) {
    // Open to everybody, for WithoutPrivileges.
    ::chmod(folder_.path().c_str(), 0755);
  }

  std::filesystem::path at(std::string_view path) const { return plain_host().at(path); }

  /// Writes `text` and the kernel's line end.
  void write(std::string_view path, std::string_view text) const {
    write_bytes(path, std::string(text) + '\n');
  }
  void write_bytes(std::string_view path, std::string_view bytes) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::ofstream(at(path), std::ios::trunc | std::ios::binary) << bytes;
  }
  /// A link as the kernel writes it: relative. A target that begins with '/' is below the root.
  void link(std::string_view path, std::string_view target) const {
    const auto folder = at(path).parent_path();
    std::filesystem::create_directories(folder);
    std::filesystem::create_symlink(
        target.starts_with('/') ? at(target).lexically_relative(folder) : target, at(path));
  }
  void remove(std::string_view path) const { std::filesystem::remove_all(at(path)); }

  /// Opening `path` is refused with this errno from now on.
  void refuse(const std::string& path, int code) const { failures_->refused[path] = code; }
  /// The next readings of any open file fail with these, one after the other.
  void fail_reads(std::vector<int> codes) const { failures_->reads = std::move(codes); }
  /// Takes the permission bits, for what is not opened through the host; see WithoutPrivileges.
  void forbid(std::string_view path) const { ::chmod(at(path).c_str(), 0); }
  int reads() const { return failures_->count; }

  /// Follows the tree and its failures; the tree outlives it.
  SensorHost host() const {
    SensorHost host = plain_host();
    host.open = [this](const std::filesystem::path& path) { return open(path); };
    host.pread = [this](int descriptor, void* buffer, size_t size) {
      return read(descriptor, buffer, size);
    };
    return host;
  }
  /// Without stand-ins: the system's own calls on the tree.
  SensorHost plain_host() const {
    SensorHost host;
    host.root = folder_.path();
    return host;
  }

 private:
  struct Failures {
    std::map<std::string, int> refused;
    std::vector<int> reads;
    int count = 0;
  };

  int open(const std::filesystem::path& path) const {
    const auto refused =
        failures_->refused.find("/" + path.lexically_relative(folder_.path()).string());
    if (refused == failures_->refused.end()) return ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    errno = refused->second;
    return -1;
  }
  ssize_t read(int descriptor, void* buffer, size_t size) const {
    ++failures_->count;
    if (failures_->reads.empty()) return ::pread(descriptor, buffer, size, 0);
    errno = failures_->reads.front();
    failures_->reads.erase(failures_->reads.begin());
    return -1;
  }

  base::TemporaryFolder folder_;
  std::unique_ptr<Failures> failures_ = std::make_unique<Failures>();
};

/// While it lives, files without permission cannot be read, even where the tests run as root.
class WithoutPrivileges {
 public:
  WithoutPrivileges() {
    if (was_root_) {
      EXPECT_EQ(::seteuid(65534), 0);
    }
  }
  ~WithoutPrivileges() {
    if (was_root_) {
      EXPECT_EQ(::seteuid(0), 0);
    }
  }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  bool was_root_ = ::geteuid() == 0;
};

/// The channels found, in order of name.
inline std::set<std::string> channels_of(const FoundSensors& found) {
  std::set<std::string> names;
  for (const auto& sensor : found.sensors) names.insert(sensor->info().channel);
  return names;
}

/// The sensor of a channel; null where there is none.
inline Sensor* channel(const FoundSensors& found, std::string_view name) {
  for (const auto& sensor : found.sensors) {
    if (sensor->info().channel == name) return sensor.get();
  }
  return nullptr;
}

/// The sensor of a channel; the test fails where it was not found.
inline Sensor& sensor_of(const FoundSensors& found, const std::string& name) {
  if (Sensor* sensor = channel(found, name)) return *sensor;
  std::string problems;
  for (const auto& problem : found.problems) problems += problem.message + "\n";
  throw std::runtime_error("no channel " + name + "; problems: " + problems);
}

/// The driver of this name in the registry.
inline const SensorDriver& driver(std::string_view name) {
  for (const SensorDriver& candidate : sensor_drivers()) {
    if (candidate.name == name) return candidate;
  }
  throw std::runtime_error("no driver " + std::string(name));
}

}  // namespace edgetran::profile::sensors::testing
