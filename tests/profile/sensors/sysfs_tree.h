#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/files.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors::testing {

/// A kernel's files under a folder of the test, and the ways in which they fail.
class SysfsTree {
 public:
  SysfsTree() : folder_(base::TemporaryFolder::create("sysfs").value()) {}

  /// Writes `text` and the kernel's line end.
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(at(path).parent_path());
    std::ofstream(at(path)) << text << '\n';
  }
  /// A link with the target as the kernel writes it: relative.
  void link(const std::string& path, const std::string& target) {
    std::filesystem::create_directories(at(path).parent_path());
    std::filesystem::create_symlink(target, at(path));
  }
  void remove(const std::string& path) { std::filesystem::remove_all(at(path)); }

  /// Opening `path` is refused with this errno from now on.
  void refuse(const std::string& path, int code) { refused_[path] = code; }
  /// The next readings of any open file fail with these, one after the other.
  void fail_reads(std::vector<int> codes) { failures_ = std::move(codes); }
  int reads() const { return reads_; }

  /// Follows the tree and its failures; the tree outlives it.
  SensorHost host() {
    SensorHost host;
    host.root = folder_.path();
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
  std::filesystem::path at(const std::string& path) const {
    return folder_.path() / std::filesystem::path(path).relative_path();
  }
  int open(const std::filesystem::path& path) {
    const auto refused = refused_.find("/" + path.lexically_relative(folder_.path()).string());
    if (refused == refused_.end()) return ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    errno = refused->second;
    return -1;
  }
  ssize_t read(int descriptor, void* buffer, size_t size) {
    ++reads_;
    if (failures_.empty()) return ::pread(descriptor, buffer, size, 0);
    errno = failures_.front();
    failures_.erase(failures_.begin());
    return -1;
  }

  base::TemporaryFolder folder_;
  std::map<std::string, int> refused_;
  std::vector<int> failures_;
  int reads_ = 0;
};

/// The channels found, in order of name.
inline std::set<std::string> channels_of(const FoundSensors& found) {
  std::set<std::string> names;
  for (const auto& sensor : found.sensors) names.insert(sensor->info().channel);
  return names;
}

/// The sensor of a channel; the test fails where it was not found.
inline Sensor& sensor_of(const FoundSensors& found, const std::string& channel) {
  for (const auto& sensor : found.sensors) {
    if (sensor->info().channel == channel) return *sensor;
  }
  std::string problems;
  for (const auto& problem : found.problems) problems += problem.message + "\n";
  throw std::runtime_error("no channel " + channel + "; problems: " + problems);
}

/// The driver of this name in the registry.
inline const SensorDriver& driver(std::string_view name) {
  for (const SensorDriver& candidate : sensor_drivers()) {
    if (candidate.name == name) return candidate;
  }
  throw std::runtime_error("no driver " + std::string(name));
}

}  // namespace edgetran::profile::sensors::testing
