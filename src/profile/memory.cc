#include "profile/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/process.h"

namespace edgetran::profile {

bool reset_peak_memory() {
  const int descriptor = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  // "5" resets VmHWM (proc(5)).
  const bool done = ::write(descriptor, "5", 1) == 1;
  ::close(descriptor);
  return done;
}

uint64_t peak_memory_bytes() { return base::peak_rss_bytes(); }

}  // namespace edgetran::profile
