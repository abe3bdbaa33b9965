#include "wire/tls.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "wire/endpoint.h"
#include "wire/tls_context.h"

namespace edgetran::wire {

namespace {

using base::ErrorCategory;

constexpr size_t kFingerprintDigits = 64;
/// How long a refused visitor may take to read why: closing with its bytes unread would reset the
/// connection and lose the alert.
constexpr double kLingerS = 0.5;
/// How many of its bytes are read meanwhile.
constexpr int kLingerReads = 64;

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> room{};
  return ::inet_pton(AF_INET, name.c_str(), room.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), room.data()) == 1;
}

/// Lower-case hex digits without colons.
base::Result<std::string> read_fingerprint(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (c == ':') continue;
    digits.push_back(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (digits.size() != kFingerprintDigits ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("\"{}\" is no fingerprint: it must be the SHA-256 of a "
                                  "certificate, 64 hex digits",
                                  text),
                      "openssl x509 -in CERTIFICATE -noout -fingerprint -sha256");
  }
  return digits;
}

base::Result<TlsSession> make_session(SSL_CTX* context, int socket, bool server) {
  TlsSession session(SSL_new(context));
  if (!session || SSL_set_fd(session.get(), socket) != 1) {
    return base::fail(ErrorCategory::kResource,
                      "no TLS session: " + take_tls_words("out of memory"));
  }
  if (server) {
    SSL_set_accept_state(session.get());
  } else {
    SSL_set_connect_state(session.get());
  }
  return session;
}

/// Has the handshake compare the server's name with its certificate.
base::Status expect_name(SSL* session, const std::string& name) {
  const bool address = is_address(name);
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.c_str())
                          : SSL_set1_host(session, name.c_str());
  if (set == 1 && (address || SSL_set_tlsext_host_name(session, name.c_str()) == 1)) return {};
  return base::fail(ErrorCategory::kUsage, fmt::format("\"{}\" is no server's name", name));
}

void linger(int socket, int stop_descriptor) {
  ::shutdown(socket, SHUT_WR);
  const double deadline_s = base::SystemClock().now_s() + kLingerS;
  std::array<char, 4096> rest;
  for (int i = 0; i < kLingerReads; ++i) {
    const auto waited = wait_for(socket, Want::kReadable, deadline_s, stop_descriptor);
    if (!waited || *waited != Waited::kReady) return;
    if (::read(socket, rest.data(), rest.size()) <= 0) return;
  }
}

}  // namespace

base::Result<TlsStream> connect_tls(const std::string& host, uint16_t port,
                                    const TlsClientOptions& options) {
  const double deadline_s = base::SystemClock().now_s() + options.connect_s;
  std::string fingerprint;
  if (!options.fingerprint.empty()) {
    EDGETRAN_ASSIGN(fingerprint, read_fingerprint(options.fingerprint));
  }
  EDGETRAN_ASSIGN(const TlsContext context, make_tls_context(options.files, false));
  const Endpoint endpoint{.host = host, .port = port, .path = {}};
  EDGETRAN_ASSIGN(base::Descriptor socket, connect_to(endpoint, deadline_s));
  EDGETRAN_ASSIGN(TlsSession session, make_session(context.get(), socket.get(), false));
  if (fingerprint.empty()) {
    EDGETRAN_TRY(
        expect_name(session.get(), options.server_name.empty() ? host : options.server_name));
  }
  if (auto shaken = shake_hands(session.get(), socket.get(), deadline_s, -1); !shaken) {
    return base::fail(std::move(shaken).error().within(endpoint.text()));
  }
  EDGETRAN_ASSIGN(TlsPeer peer, tls_peer(session.get()));
  if (!fingerprint.empty() && peer.fingerprint != fingerprint) {
    return base::fail(ErrorCategory::kPermission,
                      fmt::format("{}: its certificate has the fingerprint {}, pinned is {}",
                                  endpoint.text(), peer.fingerprint, fingerprint),
                      "if the board has a new certificate, pin that one");
  }
  return TlsStream{tls_transport(std::move(socket), std::move(session)), std::move(peer)};
}

struct TlsServer::Impl {
  TlsContext context;
};

TlsServer::TlsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServer::TlsServer(TlsServer&&) noexcept = default;
TlsServer& TlsServer::operator=(TlsServer&&) noexcept = default;
TlsServer::~TlsServer() = default;

base::Result<TlsServer> TlsServer::load(const TlsFiles& files) {
  EDGETRAN_ASSIGN(TlsContext context, make_tls_context(files, true));
  return TlsServer(std::make_unique<Impl>(Impl{std::move(context)}));
}

base::Result<TlsStream> TlsServer::accept(base::Descriptor socket, double deadline_s,
                                          int stop_descriptor) const {
  base::make_nonblocking(socket.get());
  EDGETRAN_ASSIGN(TlsSession session, make_session(impl_->context.get(), socket.get(), true));
  if (auto shaken = shake_hands(session.get(), socket.get(), deadline_s, stop_descriptor);
      !shaken) {
    linger(socket.get(), stop_descriptor);
    return base::fail(std::move(shaken).error());
  }
  EDGETRAN_ASSIGN(TlsPeer peer, tls_peer(session.get()));
  return TlsStream{tls_transport(std::move(socket), std::move(session)), std::move(peer)};
}

}  // namespace edgetran::wire
