#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "base/result.h"
#include "wire/transport.h"

namespace edgetran::wire {

// Mutual TLS 1.3 and nothing else: both sides show a certificate, older versions are refused, there
// are no session tickets, no early data, no renegotiation and no compression. There is no switch
// that turns any of it off (profiling.md, section 9).

/// What a side shows, and whom it believes. PEM files.
struct TlsFiles {
  std::filesystem::path certificate;  ///< its own, with those between it and its authority
  std::filesystem::path key;          ///< readable by its owner only, not encrypted
  /// The authorities whose certificates are believed, or pinned certificates of peers: a
  /// certificate in this file is believed as it is.
  std::filesystem::path authority;
};

/// Who the other side turned out to be.
struct TlsPeer {
  std::string subject;      ///< "CN = director"
  std::string fingerprint;  ///< SHA-256 of its certificate, 64 lower-case hex digits
};

struct TlsStream {
  std::unique_ptr<Transport> transport;
  TlsPeer peer;
};

struct TlsClientOptions {
  TlsFiles files;
  /// Name or IP address that the server's certificate must be for; empty: the host connected to.
  std::string server_name;
  /// SHA-256 of the server's certificate (hex digits, with or without colons). Where given it takes
  /// the place of the name; the certificate must be believed all the same.
  std::string fingerprint;
  double connect_s = 10;  ///< for the connection and the handshake together
};

/// Connects to an agent that listens on TCP. The stream is ready for a Connection. Errors: kUsage,
/// kNotFound, kPermission (files), kDevice (nobody there, or no answer in time), kPermission (a
/// certificate that is not believed), kProtocol (no TLS 1.3). A server that does not believe *our*
/// certificate says so only after the handshake: then the first receive() fails with kPermission.
base::Result<TlsStream> connect_tls(const std::string& host, uint16_t port,
                                    const TlsClientOptions& options);

/// The listening side: accepts streams of clients whose certificate is believed. Thread-safe.
class TlsServer {
 public:
  /// kUsage: not a certificate or key, or they do not belong together; kNotFound; kPermission.
  static base::Result<TlsServer> load(const TlsFiles& files);
  TlsServer(TlsServer&&) noexcept;
  TlsServer& operator=(TlsServer&&) noexcept;
  ~TlsServer();

  /// The handshake with a visitor, until `deadline_s` (monotonic) or until `stop_descriptor` can be
  /// read. A visitor that is refused is told why (a TLS alert) where it speaks TLS, and its
  /// connection closed. kPermission: no certificate, or one that is not believed; kProtocol: not
  /// TLS 1.3, or too slow.
  base::Result<TlsStream> accept(base::Descriptor socket, double deadline_s,
                                 int stop_descriptor = -1) const;

 private:
  struct Impl;
  explicit TlsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgetran::wire
