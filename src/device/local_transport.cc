#include <fmt/core.h>

#include <utility>

#include "base/process.h"
#include "device/agent_transport.h"

namespace edgetran::device {

namespace {

/// An agent ends within a moment of its input; one that does not is killed.
constexpr double kEndGrace_s = 1;
/// The start of a program on a machine that is busy; only bounds waiting.
constexpr double kLocalHello_s = 30;

/// An agent as a child of this process.
class LocalTransport final : public AgentTransport {
 public:
  explicit LocalTransport(base::ChildProcess child)
      : child_(std::move(child)),
        connection_(child_.stdout_descriptor(), child_.stdin_descriptor(), kAgentConnection) {}

  ~LocalTransport() override {
    child_.close_stdin();
    if (!child_.wait(kEndGrace_s)) child_.stop(0);
  }
  LocalTransport(const LocalTransport&) = delete;
  LocalTransport& operator=(const LocalTransport&) = delete;

  wire::Connection& connection() override { return connection_; }

  TransportEnd end(const base::Error& seen) override {
    base::Error error = seen;
    error.category = base::ErrorCategory::kDevice;
    // A peer that vanished is about to be reapable; a short wait tells why.
    if (const auto status = child_.wait(kEndGrace_s)) {
      error.message += fmt::format(" (it {})", status->describe());
    }
    if (error.hint.empty()) error.hint = "its messages are on stderr, or in the agent's log";
    return {TransportEnd::Kind::kAgent, std::move(error)};
  }

  void abort() override { child_.stop(0); }
  double hello_timeout_s() const override { return kLocalHello_s; }
  pid_t process_id() const override { return child_.id(); }

 private:
  base::ChildProcess child_;
  wire::Connection connection_;
};

}  // namespace

OpenedTransport open_local_transport(const Card& card, const TransportOptions& options) {
  base::ProcessOptions process;
  process.arguments = agent_arguments(card.board);
  process.arguments.insert(process.arguments.begin(), options.agent.string());
  process.stderr_file = options.agent_log;
  auto child = base::ChildProcess::spawn(process);
  if (!child) {
    return tl::unexpected<TransportEnd>(
        {TransportEnd::Kind::kFinal,
         {base::ErrorCategory::kDevice,
          fmt::format("the agent {} cannot be started: {}", options.agent.string(),
                      child.error().message),
          "build edgetran-agent, or say where it is"}});
  }
  return std::make_unique<LocalTransport>(std::move(*child));
}

}  // namespace edgetran::device
