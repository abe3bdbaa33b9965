#include "device/agent_transport.h"

#include <utility>

#include "base/json.h"

namespace edgetran::device {

OpenedTransport open_transport(const Card& card, const TransportOptions& options) {
  switch (card.board.kind) {
    case BoardKind::kSsh:
      return open_ssh_transport(card, options);
    case BoardKind::kTls:
      return open_tls_transport(card, options);
    case BoardKind::kLocal:
    case BoardKind::kSimulated:
    case BoardKind::kReplay:  // has no agent: make_board gives it none
      break;
  }
  return open_local_transport(card, options);
}

std::vector<std::string> agent_arguments(const BoardInfo& board) {
  std::vector<std::string> arguments = {"--stdio"};
  for (const base::Json& sensor : board.sensors) {
    arguments.insert(arguments.end(), {"--sensor", base::dump_json(sensor)});
  }
  for (const auto& [name, command] : board.runtimes) {
    std::string value = name;
    value.append("=").append(command);
    arguments.insert(arguments.end(), {"--runtime", std::move(value)});
  }
  return arguments;
}

}  // namespace edgetran::device
