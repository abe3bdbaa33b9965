#include "profile/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "base/files.h"
#include "base/process.h"

namespace edgetran::profile {

namespace {

/// "Rss:   1234 kB" of a file of such lines.
std::optional<uint64_t> kilobytes(const char* file, const std::string& key) {
  constexpr uint64_t kMost = uint64_t{1} << 16, kKilo = 1024;
  std::istringstream words(base::read_file(file, kMost).value_or(""));
  for (std::string word; words >> word;) {
    uint64_t value = 0;
    if (word == key && words >> value) return value * kKilo;
  }
  return std::nullopt;
}

}  // namespace

bool reset_peak_memory() {
  const int descriptor = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  // "5" resets VmHWM (proc(5)).
  const bool done = ::write(descriptor, "5", 1) == 1;
  ::close(descriptor);
  return done;
}

uint64_t peak_memory_bytes() { return base::peak_rss_bytes(); }

std::optional<uint64_t> resident_bytes() { return kilobytes("/proc/self/status", "VmRSS:"); }

std::optional<uint64_t> proportional_bytes() {
  return kilobytes("/proc/self/smaps_rollup", "Pss:");
}

}  // namespace edgetran::profile
