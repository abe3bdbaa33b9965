// Sockets of an Endpoint: listening, accepting, connecting.
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/system_error.h"
#include "wire/endpoint.h"
#include "wire/transport.h"

namespace edgetran::wire {

namespace {

using base::Descriptor;
using base::ErrorCategory;

// A peer that has vanished without a word is noticed after 30 + 3 * 5 s. Heartbeats come every 20
// s, so with a living peer no probe is ever sent: nothing disturbs a measurement.
constexpr int kProbeAfterS = 30;
constexpr int kProbeEveryS = 5;
constexpr int kProbes = 3;

struct AddressesDeleter {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesDeleter>;

base::Result<Addresses> resolve(const Endpoint& endpoint, bool passive) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);
  addrinfo* list = nullptr;
  const int code =
      ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
  if (code != 0) {
    return base::fail(
        passive ? ErrorCategory::kUsage : ErrorCategory::kDevice,
        fmt::format("the host \"{}\" is not known: {}", endpoint.host, ::gai_strerror(code)),
        "check the name, or write its address");
  }
  return Addresses(list);
}

/// Options of a stream: small messages at once, and vanished peers noticed.
void tune(int socket) {
  const auto set = [socket](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfterS);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeEveryS);
  set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, (kProbeAfterS + kProbes * kProbeEveryS) * 1000);
}

sockaddr_un unix_address(const Endpoint& endpoint) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  endpoint.path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

base::Error cannot_listen(const Endpoint& endpoint, int code) {
  const ErrorCategory category = code == EADDRINUSE ? ErrorCategory::kResource
                                 : code == EACCES   ? ErrorCategory::kPermission
                                                    : ErrorCategory::kUsage;
  return {category,
          fmt::format("cannot listen on {}: {}", endpoint.text(), base::system_message(code)),
          code == EADDRINUSE ? "another program listens there; stop it or choose another" : ""};
}

base::Error unreachable(const Endpoint& endpoint, const std::string& why) {
  return {ErrorCategory::kDevice, fmt::format("{} cannot be reached: {}", endpoint.text(), why),
          "check that the agent listens there and that nothing between blocks it"};
}

/// 0, or the errno of the connection's end.
base::Result<int> finish_connecting(int socket, double deadline_s) {
  EDGETRAN_ASSIGN(const Waited waited, wait_for(socket, Want::kWritable, deadline_s));
  if (waited != Waited::kReady) return ETIMEDOUT;
  int code = 0;
  socklen_t size = sizeof code;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

base::Result<Descriptor> connect_address(const Endpoint& endpoint, const sockaddr* address,
                                         socklen_t size, double deadline_s) {
  Descriptor socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return base::fail(unreachable(endpoint, base::system_message(errno)));
  if (::connect(socket.get(), address, size) == 0) return socket;
  int code = errno;
  if (code == EINPROGRESS) {
    EDGETRAN_ASSIGN(code, finish_connecting(socket.get(), deadline_s));
  }
  if (code != 0) return base::fail(unreachable(endpoint, base::system_message(code)));
  return socket;
}

/// Removes a socket that a killed listener left: one on which nobody answers.
void remove_stale(const Endpoint& endpoint) {
  struct stat status {};
  if (::lstat(endpoint.path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = unix_address(endpoint);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED) {
    ::unlink(endpoint.path.c_str());
  }
}

base::Result<Descriptor> listen_unix(const Endpoint& endpoint, int backlog) {
  remove_stale(endpoint);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = unix_address(endpoint);
  // Made with the right mode, so that there is no moment at which others could connect.
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int code = errno;
  ::umask(before);
  if (bound != 0) return base::fail(cannot_listen(endpoint, code));
  if (::listen(socket.get(), backlog) != 0) return base::fail(cannot_listen(endpoint, errno));
  return socket;
}

/// Numbers of an internet address: "127.0.0.1:80".
Endpoint numeric(const sockaddr_storage& address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  Endpoint endpoint;
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(),
                    port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
    endpoint.host = host.data();
    endpoint.port = static_cast<uint16_t>(std::strtoul(port.data(), nullptr, 10));
  }
  return endpoint;
}

/// The name of a Unix socket's visitor, who must be this user.
base::Result<std::string> check_user(const Descriptor& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return base::fail(ErrorCategory::kPermission,
                      "the visitor cannot be told: " + base::system_message(errno));
  }
  std::string name = fmt::format("process {} of user {}", peer.pid, peer.uid);
  if (peer.uid != ::geteuid()) {
    return base::fail(ErrorCategory::kPermission,
                      fmt::format("{} is not this agent's user {}", name, ::geteuid()));
  }
  return name;
}

}  // namespace

base::Result<Descriptor> listen_on(const Endpoint& endpoint, int backlog) {
  if (endpoint.is_unix()) return listen_unix(endpoint, backlog);
  EDGETRAN_ASSIGN(const Addresses list, resolve(endpoint, true));
  int code = EADDRNOTAVAIL;
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    Descriptor socket(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket.get(), at->ai_addr, at->ai_addrlen) == 0 &&
        ::listen(socket.get(), backlog) == 0) {
      return socket;
    }
    code = errno;
  }
  return base::fail(cannot_listen(endpoint, code));
}

Endpoint endpoint_of(const Descriptor& listener, const Endpoint& asked) {
  if (asked.is_unix()) return asked;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return asked;
  }
  return numeric(address, size);
}

base::Result<Visitor> accept_on(const Descriptor& listener, const Endpoint& endpoint) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  Visitor visitor;
  visitor.socket = Descriptor(
      ::accept4(listener.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC));
  if (!visitor.socket.valid()) {
    return base::fail(ErrorCategory::kResource,
                      "cannot accept a connection: " + base::system_message(errno));
  }
  if (endpoint.is_unix()) {
    EDGETRAN_ASSIGN(visitor.name, check_user(visitor.socket));
  } else {
    tune(visitor.socket.get());
    visitor.name = numeric(address, size).text();
  }
  return visitor;
}

base::Result<Descriptor> connect_to(const Endpoint& endpoint, double deadline_s) {
  if (endpoint.is_unix()) {
    const sockaddr_un address = unix_address(endpoint);
    return connect_address(endpoint, reinterpret_cast<const sockaddr*>(&address), sizeof address,
                           deadline_s);
  }
  EDGETRAN_ASSIGN(const Addresses list, resolve(endpoint, false));
  base::Error error = unreachable(endpoint, "it has no address");
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    auto socket = connect_address(endpoint, at->ai_addr, at->ai_addrlen, deadline_s);
    if (socket) {
      tune(socket->get());
      return socket;
    }
    error = std::move(socket).error();
  }
  return base::fail(std::move(error));
}

}  // namespace edgetran::wire
