#include "device/ssh_command.h"

#include <fmt/format.h>

#include "device/agent_transport.h"

namespace edgetran::device {

namespace {

/// Three unanswered questions, 10 s apart, end a connection. ssh asks only where the board was
/// silent for so long, which the lease's heartbeat (20 s) halves.
constexpr int kAliveInterval_s = 10;
constexpr int kAliveTries = 3;

/// ssh expands % in names of files.
std::string ssh_file(const std::string& name) {
  std::string text;
  for (const char c : name) text += c == '%' ? "%%" : std::string(1, c);
  return text;
}

}  // namespace

std::string shell_quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

std::string ssh_remote_command(const BoardInfo& board) {
  const std::string& program = board.ssh.program;
  // Inside quotes the shell would not see that ~/ is its home.
  const bool at_home = program.starts_with("~/");
  std::string text = "exec ";
  text += at_home ? "~/" + shell_quoted(program.substr(2)) : shell_quoted(program);
  for (const std::string& argument : agent_arguments(board)) text += " " + shell_quoted(argument);
  return text;
}

std::vector<std::string> ssh_arguments(const BoardInfo& board, const SshFiles& files) {
  const SshSettings& ssh = board.ssh;
  std::vector<std::string> words = {"ssh", "-F", "/dev/null", "-T",
                                    "-a",  "-x", "-E",        files.log.string()};
  const auto set = [&](const std::string& option) { words.insert(words.end(), {"-o", option}); };
  // The first value of an option counts: none of these can be undone below. DEBUG1 tells a board
  // that ended the agent from a connection that broke.
  for (const char* option :
       {"BatchMode=yes", "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null",
        "UpdateHostKeys=no", "VerifyHostKeyDNS=no", "CheckHostIP=no",
        "NoHostAuthenticationForLocalhost=no", "ConnectionAttempts=1", "ControlMaster=no",
        "ControlPath=none", "ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no",
        "Tunnel=no", "PermitLocalCommand=no", "EscapeChar=none", "Compression=no",
        "LogLevel=DEBUG1"}) {
    set(option);
  }
  set(fmt::format("ConnectTimeout={}", kSshConnect_s));
  set(fmt::format("ServerAliveInterval={}", kAliveInterval_s));
  set(fmt::format("ServerAliveCountMax={}", kAliveTries));
  const bool pinned = !ssh.host_key.empty();
  const std::string known = pinned ? files.known_hosts.string() : ssh.known_hosts;
  set(fmt::format("UserKnownHostsFile=\"{}\"", ssh_file(known)));
  if (pinned) set(fmt::format("HostKeyAlias={}", kHostKeyAlias));
  if (!ssh.identity.empty()) {
    // Not -i, which looks for the file before it takes %% for %.
    set(fmt::format("IdentityFile=\"{}\"", ssh_file(ssh.identity)));
    set("IdentitiesOnly=yes");
  }
  for (const std::string& option : ssh.options) set(option);
  words.insert(words.end(), {"-p", std::to_string(ssh.port)});
  if (!ssh.user.empty()) words.insert(words.end(), {"-l", ssh.user});
  words.insert(words.end(), {"--", ssh.host, ssh_remote_command(board)});
  return words;
}

}  // namespace edgetran::device
