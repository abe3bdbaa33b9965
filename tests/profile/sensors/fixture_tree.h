#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/files.h"
#include "profile/sensor.h"
#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// A root folder with files as the kernel shows them. Removed at the end.
class FixtureTree {
 public:
  FixtureTree() : folder_(base::TemporaryFolder::create("sensors").value()) {
    ::chmod(folder_.path().c_str(), 0755);
  }

  SensorHost host() const {
    SensorHost host;
    host.root = folder_.path();
    return host;
  }

  std::filesystem::path at(std::string_view path) const { return host().at(path); }

  /// An attribute with the line end that the kernel writes.
  void write(std::string_view path, std::string_view value) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::ofstream(at(path), std::ios::trunc) << value << '\n';
  }

  void write_bytes(std::string_view path, std::string_view bytes) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::ofstream(at(path), std::ios::trunc | std::ios::binary) << bytes;
  }

  void link(std::string_view path, std::string_view target) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::filesystem::create_directory_symlink(at(target), at(path));
  }

  void remove(std::string_view path) const { std::filesystem::remove_all(at(path)); }

  void forbid(std::string_view path) const { ::chmod(at(path).c_str(), 0); }

 private:
  base::TemporaryFolder folder_;
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

/// The sensor of a channel; null where there is none.
inline Sensor* channel(const FoundSensors& found, std::string_view name) {
  for (const auto& sensor : found.sensors) {
    if (sensor->info().channel == name) return sensor.get();
  }
  return nullptr;
}

}  // namespace edgetran::profile::sensors
