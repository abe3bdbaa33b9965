#include "confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "profile/host.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EDGETRAN_SHADOWED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EDGETRAN_SHADOWED 1
#endif
#endif

namespace {

/// A listener with its visitors and a runtime's program need a few dozen.
constexpr rlim_t kOpenFiles = 256;

void limit(int resource, rlim_t value) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) return;
  if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value) value = now.rlim_max;
  const rlimit wanted{value, now.rlim_max};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &wanted);
}

}  // namespace

void confine(uint64_t memory_bytes) {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, kOpenFiles);
  // RLIMIT_DATA, not RLIMIT_AS: it counts what could become resident (private writable pages), and
  // not the gigabytes of libraries and reserved ranges that an engine maps and never touches.
  if (memory_bytes > 0) limit(RLIMIT_DATA, memory_bytes);
}

uint64_t default_memory_limit() {
#ifdef EDGETRAN_SHADOWED
  return 0;
#else
  const auto host = edgetran::profile::read_host("/");
  if (!host || host->memory_bytes <= 0) return 0;
  return static_cast<uint64_t>(host->memory_bytes) / 4 * 3;
#endif
}
