#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"

namespace edgetran::device {

inline constexpr int64_t kSshPort = 22;

/// The section `ssh` of a board: how the system's ssh reaches it. Nothing of ~/.ssh/config counts.
struct SshSettings {
  std::string host;
  std::string user;  ///< empty: the one who runs this
  int64_t port = kSshPort;
  std::string identity;     ///< file of a private key; empty: ssh's own choice
  std::string known_hosts;  ///< file with the board's host key; empty: `host_key` is given
  std::string host_key;     ///< "ssh-ed25519 AAAA..."; empty: `known_hosts` is given
  std::string program = "edgetran-agent";  ///< of the agent, there; a leading ~/ is the home there
  std::vector<std::string> options{};      ///< more of ssh's own, NAME=VALUE: ProxyJump=gateway
};

/// The section `tls` of a board: its listening agent and the certificates of both sides.
struct TlsSettings {
  std::string host;
  int64_t port = 0;
  std::string certificate;         ///< file: this side's, PEM
  std::string key;                 ///< file: of its private key
  std::string authority;           ///< file: certificates that may sign the board's
  std::string server_name;         ///< that the board's certificate must carry; empty: `host`
  std::string server_fingerprint;  ///< SHA-256 of its certificate, 64 hex digits; empty: any
};

/// Strict. Exactly one of host_key and known_hosts; a host key must be a public key line; an option
/// that is not one of allowed_ssh_options() is refused.
base::Result<SshSettings> read_ssh(const base::ConfigValue& value);
base::Result<TlsSettings> read_tls(const base::ConfigValue& value);

/// As read_ssh() and read_tls() read them; what has its default is left out.
base::Json ssh_json(const SshSettings& ssh);
base::Json tls_json(const TlsSettings& tls);

/// Names of ssh's options that may be set on a card: those alone.
const std::vector<std::string>& allowed_ssh_options();

}  // namespace edgetran::device
