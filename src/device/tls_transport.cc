#include <fmt/format.h>
#include <sys/socket.h>

#include <utility>

#include "device/agent_transport.h"
#include "wire/tls.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;

constexpr double kTlsHello_s = 10;

TransportEnd tls_end(const Card& card, base::Error error) {
  const bool refused = error.category == ErrorCategory::kPermission;
  // Wrong files, a certificate that is not believed: the next try gives the same.
  const bool final = refused || error.category == ErrorCategory::kUsage ||
                     error.category == ErrorCategory::kNotFound;
  error.message = fmt::format("the board \"{}\" ({}:{}): {}", card.board.name, card.board.tls.host,
                              card.board.tls.port, error.message);
  if (!refused) error.category = ErrorCategory::kDevice;
  return {final ? TransportEnd::Kind::kFinal : TransportEnd::Kind::kPassing, std::move(error)};
}

/// An agent that listens, both sides with certificates.
class TlsTransport final : public AgentTransport {
 public:
  TlsTransport(Card card, wire::TlsStream stream)
      : card_(std::move(card)),
        socket_(stream.transport->descriptor(wire::Want::kReadable)),
        connection_(std::move(stream.transport), kAgentConnection) {}

  wire::Connection& connection() override { return connection_; }
  TransportEnd end(const base::Error& seen) override { return tls_end(card_, seen); }
  /// The connection owns the socket; without its stream, both its directions end.
  void abort() override { ::shutdown(socket_, SHUT_RDWR); }
  double hello_timeout_s() const override { return kTlsHello_s; }
  pid_t process_id() const override { return 0; }

 private:
  Card card_;
  int socket_;
  wire::Connection connection_;
};

}  // namespace

OpenedTransport open_tls_transport(const Card& card, const TransportOptions& /*options*/) {
  const TlsSettings& tls = card.board.tls;
  auto stream = wire::connect_tls(
      tls.host, static_cast<uint16_t>(tls.port),
      {.files = {.certificate = tls.certificate, .key = tls.key, .authority = tls.authority},
       .server_name = tls.server_name,
       .fingerprint = tls.server_fingerprint});
  if (!stream) return tl::unexpected<TransportEnd>(tls_end(card, stream.error()));
  return std::make_unique<TlsTransport>(card, std::move(*stream));
}

}  // namespace edgetran::device
