#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/sensors/driver.h"

namespace edgetran::profile::sensors {

/// A chip of /sys/class/hwmon. Its number there changes from boot to boot; its identity does not.
struct HwmonChip {
  std::string folder;              ///< "/sys/class/hwmon/hwmon3", in this boot
  std::string name;                ///< what its driver calls it: "ina3221"
  std::string device;              ///< "1-0040"; its label where it has no device; or empty
  std::string identity;            ///< name and device: "ina3221-1-0040", "amdgpu-0000:03:00.0"
  bool distinct = true;            ///< false: another chip has the same identity
  std::vector<std::string> files;  ///< names in its folder

  bool has(std::string_view file) const;
  std::string path(std::string_view file) const;
};

/// One channel of a chip: energy1, power2, in3.
struct HwmonChannel {
  std::string stem;       ///< "power2"
  std::string label;      ///< text of its label file, or the stem where there is none
  std::string name;       ///< stable and unique within the chip: the label, with the stem if shared
  std::string container;  ///< name of the channel of this type that contains it; empty: none
};

std::vector<HwmonChip> hwmon_chips(const SensorHost& host);

/// The channels of one type ("energy", "power", "in", "curr") with one of the files, such as
/// "_input"; without those that are switched off (`_enable` is 0).
std::vector<HwmonChannel> hwmon_channels(const SensorHost& host, const HwmonChip& chip,
                                         std::string_view type,
                                         const std::vector<std::string_view>& files);

/// Driver, channel, domain, boundary and `within` of a channel.
SensorInfo hwmon_info(const SensorHost& host, const HwmonChip& chip, const HwmonChannel& channel,
                      std::string_view driver);

/// The problem of a chip that cannot be told from another of the same name.
SensorProblem indistinct_chip(const HwmonChip& chip, std::string_view driver);

/// What to do where a file of hwmon was refused.
extern const std::string_view kHwmonPermissionFix;

}  // namespace edgetran::profile::sensors
