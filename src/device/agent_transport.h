#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "device/card.h"
#include "wire/connection.h"

namespace edgetran::device {

/// Why nothing more comes from an agent, as far as its way can tell.
struct TransportEnd {
  enum class Kind {
    kAgent,    ///< the agent ended or spoke nonsense: another one may do better, once
    kPassing,  ///< the way broke or is not there now: trying again later is worth it
    kFinal,    ///< trying again gives the same: a refusal, a wrong setting
  };
  Kind kind = Kind::kAgent;
  base::Error error;  ///< kDevice or kPermission, one line, with what to do
};

/// An open way to one agent. Destroyed: the agent sees the end of its input and goes.
class AgentTransport {
 public:
  virtual ~AgentTransport() = default;
  /// Belongs to this object.
  virtual wire::Connection& connection() = 0;
  /// To be asked when the connection failed with `seen`; waits a moment for the process in between.
  virtual TransportEnd end(const base::Error& seen) = 0;
  /// Breaks the way at once; the connection then ends.
  virtual void abort() = 0;
  /// How long a `hello` may take, with all that comes before it.
  virtual double hello_timeout_s() const = 0;
  /// The process of this machine that the messages go to; 0: none.
  virtual pid_t process_id() const = 0;
};

struct TransportOptions {
  std::filesystem::path agent;  ///< program of local boards
  std::filesystem::path
      agent_log;  ///< stderr of the agent or of what leads to it; empty: inherited
};

/// Models of at most this size pass; what a board sends back is bounded by it too.
inline constexpr wire::ConnectionOptions kAgentConnection = {
    .limits = {.blob_bytes = uint64_t{1} << 30}, .send_timeout_s = 30};

using OpenedTransport = tl::expected<std::unique_ptr<AgentTransport>, TransportEnd>;

/// Opens the way to the board's agent by its kind: a child of this process, the system's ssh, or
/// TLS. What the peer has to say is not waited for.
OpenedTransport open_transport(const Card& card, const TransportOptions& options);

OpenedTransport open_local_transport(const Card& card, const TransportOptions& options);
OpenedTransport open_ssh_transport(const Card& card, const TransportOptions& options);
OpenedTransport open_tls_transport(const Card& card, const TransportOptions& options);

/// The words after the agent's name: --stdio and the card's sensors and runtimes.
std::vector<std::string> agent_arguments(const BoardInfo& board);

}  // namespace edgetran::device
