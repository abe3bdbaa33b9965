#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "base/files.h"
#include "base/memory_file.h"
#include "base/process.h"
#include "device/agent_transport.h"
#include "device/ssh_command.h"
#include "device/ssh_end.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;
using Kind = TransportEnd::Kind;

/// The board's agent and sshd end within a moment of ssh's input; then ssh does.
constexpr double kEndGrace_s = 3;
/// After the connection: authentication and the start of a program, on a slow board.
constexpr double kSshHello_s = kSshConnect_s + 20;
constexpr uint64_t kLogLimit = uint64_t{16} << 20;

tl::unexpected<TransportEnd> refuse(ErrorCategory category, std::string message, std::string hint) {
  return tl::unexpected<TransportEnd>(
      {Kind::kFinal, {category, std::move(message), std::move(hint)}});
}

class SshTransport final : public AgentTransport {
 public:
  SshTransport(BoardInfo board, base::MemoryFile known_hosts, base::MemoryFile log,
               base::ChildProcess child)
      : board_(std::move(board)),
        known_hosts_(std::move(known_hosts)),
        log_(std::move(log)),
        child_(std::move(child)),
        connection_(child_.stdout_descriptor(), child_.stdin_descriptor(), kAgentConnection) {}

  ~SshTransport() override {
    child_.close_stdin();
    if (!child_.wait(kEndGrace_s)) child_.stop(0);
  }
  SshTransport(const SshTransport&) = delete;
  SshTransport& operator=(const SshTransport&) = delete;

  wire::Connection& connection() override { return connection_; }

  TransportEnd end(const base::Error& seen) override {
    const auto status = child_.wait(kEndGrace_s);
    return ssh_end(board_, status, base::read_file(log_.path(), kLogLimit).value_or(""), seen);
  }

  void abort() override { child_.stop(0); }
  double hello_timeout_s() const override { return kSshHello_s; }
  pid_t process_id() const override { return child_.id(); }

 private:
  BoardInfo board_;
  base::MemoryFile known_hosts_;
  base::MemoryFile log_;
  base::ChildProcess child_;
  wire::Connection connection_;
};

/// The file as this process sees it; ssh itself takes ~ for the home.
std::filesystem::path local_file(const std::string& name) {
  const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
  if (name.starts_with("~/") && home != nullptr)
    return std::filesystem::path(home) / name.substr(2);
  return name;
}

/// What ssh would only warn of before it tries without.
std::optional<TransportEnd> check_files(const BoardInfo& board) {
  const std::pair<const char*, const std::string&> named[] = {
      {"identity", board.ssh.identity}, {"known_hosts", board.ssh.known_hosts}};
  for (const auto& [key, name] : named) {
    std::error_code code;
    if (name.empty() || std::filesystem::is_regular_file(local_file(name), code)) continue;
    return refuse(ErrorCategory::kDevice,
                  fmt::format("the file \"{}\" of ssh.{} of the board \"{}\" is not there", name,
                              key, board.name),
                  "correct the card; names are relative to the working folder")
        .value();
  }
  return std::nullopt;
}

}  // namespace

OpenedTransport open_ssh_transport(const Card& card, const TransportOptions& options) {
  const BoardInfo& board = card.board;
  if (auto wrong = check_files(board)) return tl::unexpected<TransportEnd>(std::move(*wrong));
  // A director that is killed leaves no file of its own.
  auto known_hosts = base::MemoryFile::create(
      "known_hosts", fmt::format("{} {}\n", kHostKeyAlias, board.ssh.host_key));
  if (!known_hosts) return tl::unexpected<TransportEnd>({Kind::kFinal, known_hosts.error()});
  auto log = base::MemoryFile::create("log of ssh");
  if (!log) return tl::unexpected<TransportEnd>({Kind::kFinal, log.error()});
  base::ProcessOptions process;
  process.arguments = ssh_arguments(board, {known_hosts->path(), log->path()});
  process.stderr_file = options.agent_log;
  auto child = base::ChildProcess::spawn(process);
  if (!child) {
    return refuse(ErrorCategory::kDevice,
                  fmt::format("ssh cannot be started: {}", child.error().message),
                  "install OpenSSH's client: apt-get install openssh-client");
  }
  return std::make_unique<SshTransport>(board, std::move(*known_hosts), std::move(*log),
                                        std::move(*child));
}

}  // namespace edgetran::device
