#pragma once

#include <string>

#include "profile/sensors/sysfs_tree.h"

namespace edgetran::profile::sensors::testing {

/// A zone as drivers/powercap lays it out: a folder below its parent's, and a link in the class.
/// `zone` is "intel-rapl:0:1".
inline void add_zone(SysfsTree& tree, const std::string& zone, const std::string& name,
                     const std::string& energy, const std::string& range = "262143328850") {
  std::string folder = "/sys/devices/virtual/powercap/" + zone.substr(0, zone.find(':'));
  std::string target = "../../devices/virtual/powercap/" + zone.substr(0, zone.find(':'));
  for (size_t colon = zone.find(':'); colon != std::string::npos;) {
    colon = zone.find(':', colon + 1);
    folder += "/" + zone.substr(0, colon);
    target += "/" + zone.substr(0, colon);
  }
  tree.write(folder + "/name", name);
  tree.write(folder + "/enabled", "0");
  tree.write(folder + "/constraint_0_max_power_uw", "65000000");
  if (!energy.empty()) tree.write(folder + "/energy_uj", energy);
  if (!range.empty()) tree.write(folder + "/max_energy_range_uj", range);
  tree.link("/sys/class/powercap/" + zone, target);
}

}  // namespace edgetran::profile::sensors::testing
