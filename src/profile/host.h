#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace edgetran::profile {

/// The machine as its kernel describes it.
struct HostInfo {
  std::string processor;           ///< model name
  std::vector<std::string> flags;  ///< of the first processor
  int64_t processors = 0;          ///< in /proc/cpuinfo
  int64_t cores = 0;               ///< usable: least of processors, affinity and cgroup quota
  int64_t memory_bytes = 0;        ///< least of MemTotal and the cgroup's limit
  std::string kernel;              ///< release
  bool is_virtual = false;         ///< the processor says it runs under a hypervisor
  std::string governor;            ///< of the first processor's frequency; empty where not known
  double load_average = 0;         ///< over one minute
  int64_t running = 0;             ///< runnable tasks at this moment, this one included
  std::string microcode;           ///< of the first processor; empty where not shown
  double base_frequency_hz = 0;    ///< without turbo; 0: not known
  bool quota = false;              ///< a cgroup limits the cores

  bool has_flag(std::string_view flag) const;
};

/// Reads /proc and /sys below `root`. `affinity_cores`: what the scheduler allows, 0 to ask the
/// system. kDevice: no processor could be read.
base::Result<HostInfo> read_host(const std::filesystem::path& root = "/",
                                 int64_t affinity_cores = 0);

/// The part of it that goes into capabilities and provenance.
base::Json host_json(const HostInfo& host);

}  // namespace edgetran::profile
