#include "device/ssh_end.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;
using Kind = TransportEnd::Kind;

// Exit codes of POSIX shells, and of ssh where it failed itself.
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
constexpr int kSshFailed = 255;

/// A message of OpenSSH 8 to 9 and what it means; {} of the hint is replaced by the board's name.
struct Meaning {
  std::string_view words;
  Kind kind;
  ErrorCategory category;
  std::string_view hint;
};

/// The first whose words are in the log counts: causes before their consequences.
constexpr std::array kMeanings = {
    Meaning{"REMOTE HOST IDENTIFICATION HAS CHANGED", Kind::kFinal, ErrorCategory::kPermission,
            "if the board was installed anew, put the line of its own "
            "/etc/ssh/ssh_host_ed25519_key.pub on the card as host_key; if not, somebody else "
            "answers"},
    Meaning{"host key is known for", Kind::kFinal, ErrorCategory::kPermission,
            "put the line of the board's own /etc/ssh/ssh_host_ed25519_key.pub on the card as "
            "host_key"},
    Meaning{"Host key verification failed", Kind::kFinal, ErrorCategory::kPermission,
            "put the line of the board's own /etc/ssh/ssh_host_ed25519_key.pub on the card as "
            "host_key"},
    Meaning{"no matching host key type found", Kind::kFinal, ErrorCategory::kPermission,
            "the board offers only old types of host keys; make an ed25519 one there: ssh-keygen "
            "-A"},
    Meaning{"bad permissions", Kind::kFinal, ErrorCategory::kPermission,
            "others can read the private key: chmod 600 the file of ssh.identity"},
    Meaning{"Too many authentication failures", Kind::kFinal, ErrorCategory::kPermission,
            "name the board's key in ssh.identity"},
    Meaning{"Permission denied", Kind::kFinal, ErrorCategory::kPermission,
            "add the public key of ssh.identity to ~/.ssh/authorized_keys of that user on the "
            "board"},
    Meaning{"Could not resolve hostname", Kind::kPassing, ErrorCategory::kDevice,
            "check ssh.host on the card"},
    Meaning{"Connection refused", Kind::kPassing, ErrorCategory::kDevice,
            "start sshd on the board, or correct ssh.port on the card"},
    Meaning{"No route to host", Kind::kPassing, ErrorCategory::kDevice,
            "is the board on, and in this network?"},
    Meaning{"Network is unreachable", Kind::kPassing, ErrorCategory::kDevice,
            "is this machine in a network that reaches the board?"},
    Meaning{"not responding", Kind::kPassing, ErrorCategory::kDevice,
            "is the board on, and in this network?"},
    Meaning{"timed out", Kind::kPassing, ErrorCategory::kDevice,
            "is the board on, and in this network?"},
    Meaning{"exit-signal", Kind::kAgent, ErrorCategory::kDevice,
            "the agent on the board was killed; its system's log may say by what (dmesg)"},
    Meaning{"kex_exchange_identification", Kind::kPassing, ErrorCategory::kDevice,
            "is it an sshd that listens on ssh.port?"},
    Meaning{"Connection reset", Kind::kPassing, ErrorCategory::kDevice, ""},
    Meaning{"Connection closed", Kind::kPassing, ErrorCategory::kDevice, ""},
    Meaning{"Broken pipe", Kind::kPassing, ErrorCategory::kDevice, ""},
};

std::string address(const SshSettings& ssh) {
  const std::string user = ssh.user.empty() ? "" : ssh.user + "@";
  return fmt::format("{}{}:{}", user, ssh.host, ssh.port);
}

/// The line of the log that holds the words, fit for a message. Lines of the debugging level count
/// for what they say of the agent's end only.
std::optional<std::string> find_line(std::string_view log, std::string_view words) {
  constexpr std::string_view kDebug = "debug1:";
  for (std::string_view line : base::split(log, '\n')) {
    line = base::trim(line);
    const bool debug = line.starts_with(kDebug);
    if (debug != (words == "exit-signal") || line.find(words) == std::string_view::npos) continue;
    if (debug) return "the agent was killed by a signal";
    std::string text(base::trim(line));
    if (words.starts_with("REMOTE HOST")) text = "the board's host key is not the one on the card";
    return base::printable(text);
  }
  return std::nullopt;
}

/// " (it sent SHA256:...)" where ssh says so.
std::string sent_fingerprint(std::string_view log) {
  const size_t at = log.find("sent by the remote host is");
  const size_t begin = at == std::string_view::npos ? at : log.find("SHA256:", at);
  if (begin == std::string_view::npos) return "";
  const std::string_view rest = log.substr(begin);
  const size_t end = rest.find_first_of(".\r\n ");
  return fmt::format(" (it sent {})", base::printable(rest.substr(0, end)));
}

TransportEnd make(Kind kind, ErrorCategory category, std::string message, std::string hint) {
  return {kind, {category, std::move(message), std::move(hint)}};
}

/// ssh itself failed, or the agent was killed.
TransportEnd ssh_failed(const BoardInfo& board, std::string_view log) {
  for (const Meaning& meaning : kMeanings) {
    const auto line = find_line(log, meaning.words);
    if (!line) continue;
    const std::string detail =
        meaning.words.starts_with("REMOTE HOST") ? sent_fingerprint(log) : "";
    return make(
        meaning.kind, meaning.category,
        fmt::format("the board \"{}\" at {}: {}{}", board.name, address(board.ssh), *line, detail),
        std::string(meaning.hint));
  }
  return make(
      Kind::kPassing, ErrorCategory::kDevice,
      fmt::format("the connection to the board \"{}\" at {} broke", board.name, address(board.ssh)),
      "what ssh says is on stderr, or in the agent's log");
}

/// The agent's own end, or what kept the shell from starting it.
TransportEnd remote_ended(const BoardInfo& board, const base::ExitStatus& status,
                          const base::Error& seen) {
  const std::string& program = board.ssh.program;
  if (status.code == kNotFound) {
    return make(Kind::kFinal, ErrorCategory::kDevice,
                fmt::format("there is no agent \"{}\" on the board \"{}\"", program, board.name),
                "copy edgetran-agent there, or set ssh.program on the card to its path");
  }
  if (status.code == kNotExecutable) {
    return make(
        Kind::kFinal, ErrorCategory::kPermission,
        fmt::format("the agent \"{}\" on the board \"{}\" cannot be executed", program, board.name),
        "chmod +x it there, or copy one that was built for the board's processor");
  }
  return make(Kind::kAgent, ErrorCategory::kDevice,
              fmt::format("{} (the agent {})", seen.message, status.describe()),
              "its messages are on stderr, or in the agent's log");
}

}  // namespace

TransportEnd ssh_end(const BoardInfo& board, const std::optional<base::ExitStatus>& status,
                     std::string_view log, const base::Error& seen) {
  if (!status) {
    return make(Kind::kAgent, ErrorCategory::kDevice, seen.message,
                "does the board's shell print something at its start? a shell that is not "
                "interactive must not (.bashrc, .profile)");
  }
  const bool exited = status->kind == base::ExitStatus::Kind::kExited;
  if (exited && status->code == kSshFailed) return ssh_failed(board, log);
  if (!exited) {
    return make(Kind::kPassing, ErrorCategory::kDevice,
                fmt::format("ssh to the board \"{}\" {}", board.name, status->describe()),
                "somebody ended it on this machine");
  }
  return remote_ended(board, *status, seen);
}

}  // namespace edgetran::device
