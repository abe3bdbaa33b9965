#include "profile/sensors/sensord_socket.h"

#include <fmt/format.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace edgetran::profile::sensors {

base::Result<sockaddr_un> socket_address(const std::filesystem::path& path) {
  const std::string& text = path.native();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (text.empty() || text.size() >= sizeof(address.sun_path) ||
      text.find('\0') != std::string::npos) {
    return base::fail(base::ErrorCategory::kUsage,
                      fmt::format("{} cannot be a socket's path; 1 to {} bytes are allowed",
                                  base::in_quotes(text), sizeof(address.sun_path) - 1),
                      "choose a shorter path");
  }
  std::memcpy(address.sun_path, text.c_str(), text.size());
  return address;
}

void set_patience(int socket, time_t patience_s) {
  const timeval limit{patience_s, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

base::Descriptor connect_sensord(const std::filesystem::path& path, time_t patience_s) {
  const auto address = socket_address(path);
  if (!address) {
    errno = ENAMETOOLONG;
    return {};
  }
  base::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return {};
  set_patience(socket.get(), patience_s);
  const auto* plain = reinterpret_cast<const sockaddr*>(&*address);
  if (::connect(socket.get(), plain, sizeof(*address)) == 0) return socket;
  const int code = errno;  // closing may change it
  socket.reset();
  errno = code;
  return {};
}

}  // namespace edgetran::profile::sensors
