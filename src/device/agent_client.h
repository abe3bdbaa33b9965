#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/event.h"
#include "base/json.h"
#include "base/result.h"
#include "device/agent_transport.h"
#include "device/clock_offset.h"
#include "wire/client.h"

namespace edgetran::device {

/// For how long a lease is taken; it is renewed at a third. Long enough for any single
/// measurement's quiet phases, and what a board is held for after its director has vanished.
inline constexpr double kLease_s = 60;

struct AgentClientOptions {
  std::string board;         ///< its name, for messages
  bool exclusive = true;     ///< lease of the whole machine, or only of this agent
  double lease_wait_s = 60;  ///< how long to wait for a machine that another process holds
  /// How long an agent at work may say nothing; 0: as its profile wants (silence.h).
  double silence_s = 0;
};

/// One agent as its client: greeted, leased, and gone with this object.
class AgentClient {
 public:
  using Opened = tl::expected<std::unique_ptr<AgentClient>, TransportEnd>;

  /// Greets the agent at the other end and negotiates. Its end where it does not answer, or
  /// kFinal where versions or services do not go together; kInterrupted, final, on a second cancel.
  static Opened open(std::unique_ptr<AgentTransport> transport, const AgentClientOptions& options,
                     const base::CancelToken& cancel);

  /// Takes the lease, waiting while another process holds the machine. kResource after
  /// lease_wait_s; kInterrupted on cancel.
  base::Status lease(const base::CancelToken& cancel);

  /// The peer's monotonic clock against ours, by renewing the lease a few times. nullopt: the agent
  /// does not tell its time.
  base::Result<std::optional<ClockReading>> clock_reading(const base::CancelToken& cancel);

  base::Result<base::Json> capabilities(const base::CancelToken& cancel);

  /// Gives the agent the model unless it has it.
  base::Status put(std::string_view model, const std::string& sha256,
                   const base::CancelToken& cancel);

  /// The verb `measure`; keeps the lease alive while it runs. kProtocol where the agent is silent
  /// for too long: it hangs, and the connection to it is broken.
  base::Result<base::Json> measure(const base::Json& fields, std::string_view blob,
                                   base::EventSink& events, const base::CancelToken& cancel);

  /// The bytes of a result, about `bytes` of them; kCorrupt where they are not those of `sha256`.
  base::Result<std::string> fetch(const std::string& sha256, uint64_t bytes,
                                  const base::CancelToken& cancel);

  /// What the agent says of itself.
  const wire::Hello& about() const { return about_; }
  /// Why the connection ended, once a call failed with `seen`.
  TransportEnd end(const base::Error& seen);
  /// Breaks the connection; the call at work then fails. Nothing else may be asked afterwards.
  void abort();
  bool aborted() const { return aborted_; }
  pid_t process_id() const { return transport_->process_id(); }

 private:
  AgentClient(std::unique_ptr<AgentTransport> transport, AgentClientOptions options);

  std::optional<TransportEnd> greet(const base::CancelToken& cancel);

  AgentClientOptions options_;
  std::unique_ptr<AgentTransport> transport_;
  wire::Client client_;
  wire::Hello about_;
  bool aborted_ = false;
  bool hung_ = false;
};

}  // namespace edgetran::device
