#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "wire/tls.h"

namespace edgetran::wire {

struct TlsContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextDeleter>;

struct TlsSessionDeleter {
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsSession = std::unique_ptr<SSL, TlsSessionDeleter>;

/// Settings, certificate, key and authorities of one side. Internal to wire.
base::Result<TlsContext> make_tls_context(const TlsFiles& files, bool server);

/// The first of OpenSSL's queued errors in words, and the queue emptied; `otherwise` where there is
/// none.
std::string take_tls_words(const std::string& otherwise);

/// Makes a stream of a finished handshake. Internal to wire.
std::unique_ptr<Transport> tls_transport(base::Descriptor socket, TlsSession session);

/// Runs the handshake of `session` on the non-blocking `socket`.
base::Status shake_hands(SSL* session, int socket, double deadline_s, int stop_descriptor);

/// Subject and fingerprint of the other side's certificate, which there is after the handshake.
base::Result<TlsPeer> tls_peer(SSL* session);

/// The error of a failed operation on `session`: which side refused what.
base::Error tls_error(SSL* session, const std::string& action);

}  // namespace edgetran::wire
