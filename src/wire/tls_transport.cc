#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <utility>

#include "base/system_error.h"
#include "wire/pipe_signal.h"
#include "wire/tls_context.h"

namespace edgetran::wire {

namespace {

using base::ErrorCategory;

class TlsTransport final : public Transport {
 public:
  TlsTransport(base::Descriptor socket, TlsSession session)
      : socket_(std::move(socket)), session_(std::move(session)) {}
  ~TlsTransport() override { finish(); }
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;

  base::Result<Portion> read(std::span<char> room) override {
    const std::scoped_lock lock(mutex_);
    const PipeSignalGuard guard;
    Portion portion;
    ERR_clear_error();
    if (SSL_read_ex(session_.get(), room.data(), room.size(), &portion.bytes) == 1) return portion;
    return not_moved(Direction::kRead);
  }

  base::Result<Portion> write(std::string_view bytes) override {
    const std::scoped_lock lock(mutex_);
    const PipeSignalGuard guard;
    Portion portion;
    ERR_clear_error();
    if (SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &portion.bytes) == 1) {
      return portion;
    }
    return not_moved(Direction::kWrite);
  }

  int descriptor(Want /*want*/) const override { return socket_.get(); }

  void finish() override {
    const std::scoped_lock lock(mutex_);
    const PipeSignalGuard guard;
    if (!broken_ && !finished_) SSL_shutdown(session_.get());
    finished_ = true;
    ERR_clear_error();
    ::shutdown(socket_.get(), SHUT_WR);
  }

 private:
  enum class Direction : uint8_t { kRead, kWrite };

  base::Result<Portion> not_moved(Direction direction) {
    const int code = errno;
    switch (SSL_get_error(session_.get(), 0)) {
      case SSL_ERROR_WANT_READ:
        return Portion{.want = Want::kReadable};
      case SSL_ERROR_WANT_WRITE:
        return Portion{.want = Want::kWritable};
      case SSL_ERROR_ZERO_RETURN:
        if (direction == Direction::kRead) return Portion{.ended = true};
        // Also where the socket is gone: once the peer has said its end, OpenSSL tells that alone.
        broken_ = true;
        ERR_clear_error();
        return base::fail(ErrorCategory::kProtocol, "the peer vanished: it closed the session");
      case SSL_ERROR_SYSCALL:
        broken_ = true;
        ERR_clear_error();
        return base::fail(ErrorCategory::kProtocol,
                          "the peer vanished: " + base::system_message(code));
      default:
        broken_ = true;
        return base::fail(tls_error(session_.get(), direction == Direction::kRead
                                                        ? "cannot read from the peer"
                                                        : "cannot write to the peer"));
    }
  }

  base::Descriptor socket_;
  TlsSession session_;
  std::mutex mutex_;
  bool broken_ = false;  ///< after such an error OpenSSL wants no more calls
  bool finished_ = false;
};

/// Alerts by which a peer refuses the certificate that we showed.
bool refuses_our_certificate(int reason) {
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return true;
    default:
      return false;
  }
}

/// Plain words where OpenSSL's lead astray.
const char* plain_words(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
      return "the peer does not speak TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "the peer does not speak TLS 1.3";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the peer showed no certificate";
    default:
      return nullptr;
  }
}

}  // namespace

std::unique_ptr<Transport> tls_transport(base::Descriptor socket, TlsSession session) {
  return std::make_unique<TlsTransport>(std::move(socket), std::move(session));
}

base::Error tls_error(SSL* session, const std::string& action) {
  const auto code = ERR_peek_error();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  const std::string words = take_tls_words("it closed the connection");
  const auto verified = SSL_get_verify_result(session);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
    return {ErrorCategory::kPermission,
            fmt::format("{}: its certificate is not believed: {}", action,
                        X509_verify_cert_error_string(verified)),
            "check the authority file, the name and the dates of the certificate"};
  }
  if (refuses_our_certificate(reason)) {
    return {
        ErrorCategory::kPermission,
        fmt::format("{}: it refuses our certificate: {}", action, words),
        "check the certificate's dates, and that its authority is in the peer's authority file"};
  }
  const char* plain = plain_words(reason);
  return {reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE ? ErrorCategory::kPermission
                                                            : ErrorCategory::kProtocol,
          fmt::format("{}: {}", action, plain != nullptr ? plain : words), ""};
}

base::Status shake_hands(SSL* session, int socket, double deadline_s, int stop_descriptor) {
  const PipeSignalGuard guard;
  while (true) {
    ERR_clear_error();
    const int result = SSL_do_handshake(session);
    if (result == 1) return {};
    const int error = SSL_get_error(session, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      return base::fail(tls_error(session, "no TLS with the peer"));
    }
    EDGETRAN_ASSIGN(
        const Waited waited,
        wait_for(socket, error == SSL_ERROR_WANT_WRITE ? Want::kWritable : Want::kReadable,
                 deadline_s, stop_descriptor));
    if (waited != Waited::kReady) {
      return base::fail(ErrorCategory::kProtocol, waited == Waited::kStopped
                                                      ? "stopped during the TLS handshake"
                                                      : "the TLS handshake took too long");
    }
  }
}

base::Result<TlsPeer> tls_peer(SSL* session) {
  const X509* certificate = SSL_get0_peer_certificate(session);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) {
    return base::fail(ErrorCategory::kPermission, "the peer showed no certificate");
  }
  TlsPeer peer;
  for (unsigned int i = 0; i < size; ++i) peer.fingerprint += fmt::format("{:02x}", digest[i]);
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
  if (text) {
    X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE);
    char* bytes = nullptr;
    const auto count = BIO_get_mem_data(text.get(), &bytes);
    if (count > 0) peer.subject.assign(bytes, static_cast<size_t>(count));
  }
  return peer;
}

}  // namespace edgetran::wire
