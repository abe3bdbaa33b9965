#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace edgetran::wire {

/// Where a service listens: TCP, or a Unix socket where `path` is not empty.
struct Endpoint {
  std::string host;
  uint16_t port = 0;  ///< 0, for listening: one that is free
  std::filesystem::path path;

  bool is_unix() const { return !path.empty(); }
  /// As read_endpoint() reads it.
  std::string text() const;
};

/// "HOST:PORT", "[IPV6]:PORT" or "unix:PATH". kUsage for anything else.
base::Result<Endpoint> read_endpoint(std::string_view text);

/// A listening socket. A Unix socket is for this user only (mode 0600), and one that nobody listens
/// on any more is replaced. kResource: the address is in use; kPermission; kUsage: no such address.
base::Result<base::Descriptor> listen_on(const Endpoint& endpoint, int backlog);

/// Where `listener` really listens (the port that was free).
Endpoint endpoint_of(const base::Descriptor& listener, const Endpoint& asked);

/// A peer that has connected and has shown nothing yet.
struct Visitor {
  base::Descriptor socket;
  std::string name;  ///< "127.0.0.1:40312", or "process 4711 of user 1000"
};

/// The next visitor of a listening socket; waits for one. kPermission: a Unix socket's visitor of
/// another user, whose connection is closed. kResource: no descriptors left, say.
base::Result<Visitor> accept_on(const base::Descriptor& listener, const Endpoint& endpoint);

/// A connected socket. kDevice: nobody listens there, or no answer by `deadline_s`.
base::Result<base::Descriptor> connect_to(const Endpoint& endpoint, double deadline_s);

}  // namespace edgetran::wire
