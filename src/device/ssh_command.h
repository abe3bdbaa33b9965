#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "device/card.h"

namespace edgetran::device {

/// Files of one run of ssh.
struct SshFiles {
  std::filesystem::path known_hosts;  ///< with the card's host key, where it has one
  std::filesystem::path log;          ///< ssh's own messages, apart from the agent's
};

/// The name under which a pinned key stands in the private file, whatever the board's address is.
inline constexpr const char* kHostKeyAlias = "edgetran-board";
/// How long ssh waits for the board to answer before it gives up.
inline constexpr int kSshConnect_s = 10;

/// The command line of the system's ssh: batch mode, the host key checked against the card's and
/// nothing else, no configuration file, no forwarding of any kind, no terminal, no shared
/// connection, no compression, dead connections noticed within half a minute.
std::vector<std::string> ssh_arguments(const BoardInfo& board, const SshFiles& files);

/// What the board's shell is to run: the agent in the shell's place, each word quoted. A forced
/// command there takes its place.
std::string ssh_remote_command(const BoardInfo& board);

/// `word` as one word of a POSIX shell.
std::string shell_quoted(std::string_view word);

}  // namespace edgetran::device
