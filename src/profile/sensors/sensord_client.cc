#include "profile/sensors/sensord_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/descriptor.h"
#include "profile/sensors/sensord_protocol.h"
#include "profile/sensors/sensord_socket.h"

namespace edgetran::profile::sensors {

namespace {

namespace fs = std::filesystem;

/// The helper answers within its interval of a millisecond, and has nothing else to do.
constexpr time_t kAnswer_s = 1;
/// systemd may have to start it first.
constexpr time_t kStart_s = 5;

constexpr std::string_view kUnit = "edgetran-sensord.socket";
/// Where systemd looks for units (systemd.unit(5)).
constexpr std::array<std::string_view, 4> kUnitFolders = {
    "/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system"};

int error_number(SensordStatus status) { return status == SensordStatus::kGone ? ENODEV : EIO; }

/// A connection after which nothing comes any more: a late answer must not be taken for the next.
ssize_t give_up(int socket) {
  ::shutdown(socket, SHUT_RDWR);
  errno = ENODEV;
  return -1;
}

/// Sends a request and takes its answer into `packet`; nullopt: there is no helper any more.
std::optional<SensordReply> ask(int socket, std::string_view request,
                                std::array<char, kSensordPacketBytes + 1>& packet) {
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
  ssize_t count = 0;
  do {
    count = ::recv(socket, packet.data(), packet.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count <= 0 || static_cast<size_t>(count) > kSensordPacketBytes) return std::nullopt;
  return parse_sensord_reply(std::string_view(packet.data(), static_cast<size_t>(count)));
}

/// A reading as pread would give it.
ssize_t read_through(int socket, void* buffer, size_t size) {
  std::array<char, kSensordPacketBytes + 1> packet;
  const auto reply = ask(socket, sensord_read_request(), packet);
  if (!reply) return give_up(socket);
  if (reply->status != SensordStatus::kOk) {
    errno = error_number(reply->status);
    return -1;
  }
  const size_t count = std::min(size, reply->text.size());
  std::memcpy(buffer, reply->text.data(), count);
  return static_cast<ssize_t>(count);
}

/// A descriptor that reads the file `name` through the helper; -1 where there is none that does.
int open_through(const fs::path& socket_path, std::string_view name) {
  base::Descriptor socket = connect_sensord(socket_path, kStart_s);
  if (!socket.valid()) return -1;
  std::array<char, kSensordPacketBytes + 1> packet;
  const auto reply = ask(socket.get(), sensord_open_request(name), packet);
  if (!reply || reply->status != SensordStatus::kOk) return -1;
  set_patience(socket.get(), kAnswer_s);
  return socket.release();
}

bool refused(int code) { return code == EACCES || code == EPERM; }

}  // namespace

SensorHost with_sensord(const SensorHost& host) {
  SensorHost with = host;
  const fs::path folder = host.at(kSensordClass);
  const fs::path socket = host.at(kSensordSocket);
  with.open = [open = host.open, folder, socket](const fs::path& path) {
    const int direct = open ? open(path) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const int code = errno;
    if (direct >= 0 || !refused(code)) return direct;
    const std::string name = path.lexically_relative(folder).generic_string();
    const int helped = is_sensord_name(name) ? open_through(socket, name) : -1;
    errno = code;  // the refusal stands
    return helped;
  };
  with.pread = [pread = host.pread](int descriptor, void* buffer, size_t size) {
    const ssize_t count =
        pread ? pread(descriptor, buffer, size) : ::pread(descriptor, buffer, size, 0);
    // A socket has no positions: it tells itself from a file at no cost to files.
    return count < 0 && errno == ESPIPE ? read_through(descriptor, buffer, size) : count;
  };
  return with;
}

std::string sensord_fix(const SensorHost& host) {
  const fs::path socket = host.at(kSensordSocket);
  if (::access(socket.c_str(), F_OK) == 0 &&
      ::faccessat(AT_FDCWD, socket.c_str(), W_OK, AT_EACCESS) != 0) {
    return fmt::format("sudo usermod -aG {} \"$(id -un)\"   # then log in again", kSensordGroup);
  }
  std::string enable = fmt::format("sudo systemctl enable --now {}", kUnit);
  const bool installed = std::any_of(kUnitFolders.begin(), kUnitFolders.end(), [&](auto folder) {
    std::error_code code;
    return fs::exists(host.at(folder) / kUnit, code);
  });
  if (installed) return enable;
  return fmt::format(
      "sudo cmake --install build --component sensord && {}   # in EdgeTran's source folder",
      enable);
}

std::string perfmon_fix() {
  std::error_code code;
  const fs::path self = fs::read_symlink("/proc/self/exe", code);
  // Quotes for the shell; a path with one in it is left to the reader.
  const bool plain = !code && self.native().find('\'') == std::string::npos;
  return fmt::format("sudo setcap cap_perfmon=ep {}",
                     plain ? "'" + self.native() + "'" : "\"$(command -v edgetran-agent)\"");
}

}  // namespace edgetran::profile::sensors
