#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "profile/sensors/sensord_protocol.h"

namespace edgetran::profile::sensors {

/// A file that the helper gives out, kept open, with what it said last.
struct SensordFile {
  base::Descriptor descriptor;
  bool counts = false;  ///< energy_uj: the one whose resolution in time is limited
  double read_s = 0;    ///< when it was read; below 0: never
  SensordStatus status = SensordStatus::kFailed;
  std::string text;  ///< status kOk: one line of what such a file may show
};

/// The fixed list of what edgetran-sensord reads, as this machine has it: what a client names is
/// compared with it and never becomes part of a path.
class SensordCatalogue {
 public:
  /// `root` stands for "/" (fixtures); paths are resolved below it whatever links say. kNotFound,
  /// kPermission where it cannot be opened.
  static base::Result<SensordCatalogue> open(const std::filesystem::path& root);

  /// Names on the list at this moment, sorted. A zone appears and goes with its driver.
  std::vector<std::string> names() const;
  /// The file of this name, opened where it was not; null where it is not on the list, or cannot be
  /// opened. Stays where it is until it is forgotten.
  SensordFile* find(const std::string& name);
  /// Reads the file anew.
  static void read(SensordFile& file);
  /// Closes it, so that the next find() opens it anew: what was open stays dead when its device
  /// goes and comes again.
  void forget(const std::string& name) { files_.erase(name); }

 private:
  SensordCatalogue() = default;
  base::Descriptor open_file(const std::string& name) const;

  base::Descriptor root_;
  bool sysfs_ = true;  ///< files must be the kernel's own
  std::map<std::string, SensordFile> files_;
};

}  // namespace edgetran::profile::sensors
