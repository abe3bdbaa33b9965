#include <fmt/format.h>

#include "device/agent_transport.h"

namespace edgetran::device {

OpenedTransport open_tls_transport(const Card& card, const TransportOptions& /*options*/) {
  return tl::unexpected<TransportEnd>(
      {TransportEnd::Kind::kFinal,
       {base::ErrorCategory::kDevice,
        fmt::format("the board \"{}\" is behind TLS, which this build cannot speak",
                    card.board.name),
        "use kind: ssh"}});
}

}  // namespace edgetran::device
