#include "base/memory_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/system_error.h"

namespace edgetran::base {

Result<MemoryFile> MemoryFile::create(const char* name, std::string_view text) {
  Descriptor descriptor(::memfd_create(name, MFD_CLOEXEC));
  if (!descriptor.valid()) return fail(system_error("cannot make the file in memory", name, errno));
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor.get(), text.data(), text.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail(system_error("cannot write the file in memory", name, errno));
    }
    text.remove_prefix(static_cast<size_t>(count));
  }
  // Not /proc/self: it is for other programs.
  std::filesystem::path path = fmt::format("/proc/{}/fd/{}", ::getpid(), descriptor.get());
  return MemoryFile(std::move(descriptor), std::move(path));
}

}  // namespace edgetran::base
