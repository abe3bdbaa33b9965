#include "profile/sensors/sensord_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/numbers.h"
#include "base/system_error.h"
#include "base/text.h"
#include "profile/sensors/sensord_socket.h"

namespace edgetran::profile::sensors {

namespace {

namespace fs = std::filesystem;
using base::ErrorCategory;

constexpr int kFirstPassed = 3;  // sd_listen_fds(3)
constexpr mode_t kSocketMode = 0660;
constexpr mode_t kFolderMode = 0755;
/// Clients that wait to be accepted; more are refused by the kernel.
constexpr int kBacklog = 16;
/// For another process that may listen there.
constexpr time_t kPatience_s = 1;

int64_t number_in(const char* variable) {
  const char* text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? -1 : base::parse_int64(text).value_or(-1);
}

int option_of(int socket, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

/// The file that a socket is bound to; empty for one without (abstract, unnamed).
fs::path path_of(int socket) {
  sockaddr_un address{};
  socklen_t size = sizeof(address);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  if (size <= offsetof(sockaddr_un, sun_path) || address.sun_path[0] != '/') return {};
  return std::string(address.sun_path,
                     ::strnlen(address.sun_path, size - offsetof(sockaddr_un, sun_path)));
}

/// Makes room for a new socket: nothing there, or one that nobody listens on.
base::Status clear_place(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return base::fail(base::system_error("cannot look at", path, errno));
  }
  if (!S_ISSOCK(status.st_mode)) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} is there and is no socket", base::in_quotes(path.native())),
                      "choose another path with --socket");
  }
  if (connect_sensord(path, kPatience_s).valid() || errno != ECONNREFUSED) {
    return base::fail(ErrorCategory::kResource,
                      fmt::format("another process serves {}", base::in_quotes(path.native())),
                      "stop it first: sudo systemctl stop edgetran-sensord.socket "
                      "edgetran-sensord.service");
  }
  if (::unlink(path.c_str()) != 0) {
    return base::fail(base::system_error("cannot remove the old socket", path, errno));
  }
  return {};
}

base::Status make_place(const fs::path& path, std::optional<uid_t> owner) {
  const fs::path folder = path.parent_path();
  if (::mkdir(folder.c_str(), kFolderMode) != 0) {
    if (errno == EEXIST) return clear_place(path);
    return base::fail(base::system_error("cannot make the socket's folder", folder, errno));
  }
  // mkdir's mode is cut by the caller's mask; members of the group must come through.
  const bool passable = ::chmod(folder.c_str(), kFolderMode) == 0;
  if (!passable || (owner && ::chown(folder.c_str(), *owner, static_cast<gid_t>(-1)) != 0)) {
    return base::fail(base::system_error("cannot set up the socket's folder", folder, errno));
  }
  return {};
}

}  // namespace

base::Result<std::optional<SensordListener>> inherited_listener() {
  const int64_t count = number_in("LISTEN_FDS");
  if (count < 1 || number_in("LISTEN_PID") != ::getpid()) return std::nullopt;
  SensordListener listener;
  listener.own = false;
  const bool fits = count == 1 && option_of(kFirstPassed, SO_DOMAIN) == AF_UNIX &&
                    option_of(kFirstPassed, SO_TYPE) == SOCK_SEQPACKET &&
                    option_of(kFirstPassed, SO_ACCEPTCONN) == 1;
  if (fits) listener.path = path_of(kFirstPassed);
  if (listener.path.empty()) {
    return base::fail(ErrorCategory::kUsage,
                      "what was passed in LISTEN_FDS is not one listening Unix socket with a file, "
                      "of the type SOCK_SEQPACKET",
                      "start it by edgetran-sensord.socket (ListenSequentialPacket=)");
  }
  listener.descriptor = base::Descriptor(kFirstPassed);
  ::fcntl(kFirstPassed, F_SETFD, FD_CLOEXEC);
  ::fcntl(kFirstPassed, F_SETFL, O_NONBLOCK);
  return listener;
}

base::Result<SensordListener> make_listener(const fs::path& path, std::optional<gid_t> group,
                                            std::optional<uid_t> owner) {
  EDGETRAN_ASSIGN(const sockaddr_un address, socket_address(path));
  EDGETRAN_TRY(make_place(path, owner));
  SensordListener listener;
  listener.path = path;
  listener.descriptor =
      base::Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.descriptor.valid()) {
    return base::fail(base::system_error("cannot make the socket", path, errno));
  }
  // Nobody gets in between bind and chmod: nothing listens yet.
  const mode_t mask = ::umask(0777 & ~kSocketMode);
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  const int bound = ::bind(listener.descriptor.get(), plain, sizeof(address));
  const int code = errno;
  ::umask(mask);
  if (bound != 0) return base::fail(base::system_error("cannot make the socket", path, code));
  const bool given = !group || ::chown(path.c_str(), static_cast<uid_t>(-1), *group) == 0;
  if (!given || ::chmod(path.c_str(), kSocketMode) != 0 ||
      ::listen(listener.descriptor.get(), kBacklog) != 0) {
    const base::Error error = base::system_error("cannot set up the socket", path, errno);
    ::unlink(path.c_str());
    return base::fail(error);
  }
  return listener;
}

base::Status remove_socket(const SensordListener& listener) {
  if (!listener.own || ::unlink(listener.path.c_str()) == 0 || errno == ENOENT) return {};
  return base::fail(base::system_error("cannot remove the socket", listener.path, errno));
}

}  // namespace edgetran::profile::sensors
