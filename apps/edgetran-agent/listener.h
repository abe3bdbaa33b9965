#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "wire/endpoint.h"
#include "wire/tls.h"

struct ListenSettings {
  edgetran::wire::Endpoint endpoint;
  /// Shown and believed on TCP, which is never served without; none on a Unix socket, whose
  /// visitors are known by their user.
  std::optional<edgetran::wire::TlsFiles> files;
  /// Program and arguments of one client's session, which speaks on standard input and output; the
  /// listener adds `--peer NAME`.
  std::vector<std::string> session;
};

/// Serves clients over the network, one at a time, each in a process of its own, until SIGTERM or
/// SIGINT. Every client that comes, goes or is refused is a line of the log. Success when it was
/// told to stop; the error where it cannot listen.
edgetran::base::Status listen(const ListenSettings& settings, edgetran::base::Logger& log);
