#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/event.h"
#include "base/json.h"
#include "base/process.h"
#include "base/result.h"
#include "wire/client.h"
#include "wire/connection.h"

namespace edgetran::device {

struct AgentClientOptions {
  std::filesystem::path program;  ///< of the agent
  std::filesystem::path log;      ///< its stderr; empty: inherited
  bool exclusive = true;          ///< lease of the whole machine, or only of this agent
  double lease_wait_s = 60;       ///< how long to wait for a machine that another process holds
};

/// One agent process as its client: greeted, leased, and gone with this object.
class AgentClient {
 public:
  /// Starts the agent and negotiates. kDevice: it cannot be started; kProtocol: it ends at once or
  /// does not speak our protocol.
  static base::Result<std::unique_ptr<AgentClient>> start(const AgentClientOptions& options);
  ~AgentClient();
  AgentClient(const AgentClient&) = delete;
  AgentClient& operator=(const AgentClient&) = delete;

  /// Takes the lease, waiting while another process holds the machine. kResource after
  /// lease_wait_s; kInterrupted on cancel.
  base::Status lease(const base::CancelToken& cancel);

  base::Result<base::Json> capabilities(const base::CancelToken& cancel);

  /// Gives the agent the model unless it has it.
  base::Status put(std::string_view model, const std::string& sha256,
                   const base::CancelToken& cancel);

  /// The verb `measure`; keeps the lease alive while it runs.
  base::Result<base::Json> measure(const base::Json& fields, std::string_view blob,
                                   base::EventSink& events, const base::CancelToken& cancel);

  /// Bytes of a result; kCorrupt where they are not those of `sha256`.
  base::Result<std::string> fetch(const std::string& sha256, const base::CancelToken& cancel);

  /// How the agent ended, where it did: for messages.
  std::string end_reason();
  pid_t process_id() const { return child_.id(); }

 private:
  AgentClient(const AgentClientOptions& options, base::ChildProcess child);

  AgentClientOptions options_;
  base::ChildProcess child_;
  wire::Connection connection_;
  wire::Client client_;
};

}  // namespace edgetran::device
