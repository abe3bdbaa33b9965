#include "device/ssh_end.h"

#include <gtest/gtest.h>

namespace edgetran::device {
namespace {

using base::ErrorCategory;
using Kind = TransportEnd::Kind;

const base::Error kSeen{ErrorCategory::kProtocol, "the peer closed the connection", ""};

BoardInfo board() {
  BoardInfo board;
  board.name = "pi";
  board.kind = BoardKind::kSsh;
  board.ssh.host = "10.0.0.7";
  board.ssh.user = "me";
  return board;
}

base::ExitStatus exited(int code) { return {.code = code}; }

struct Case {
  std::string log;
  Kind kind;
  ErrorCategory category;
  std::string says;
};

TEST(SshEnd, EveryFailureOfSshIsOneLineWithWhatToDo) {
  // As OpenSSH 9.2 writes them with -E and LogLevel=DEBUG1.
  for (const Case& wanted : {
           Case{"@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@\nThe "
                "fingerprint for the ED25519 key sent by the remote host is\nSHA256:sRK0+qr/H3T.\n"
                "Host key verification failed.\r\n",
                Kind::kFinal, ErrorCategory::kPermission, "SHA256:sRK0+qr/H3T"},
           Case{"No ED25519 host key is known for edgetran-board and you have requested strict "
                "checking.\r\nHost key verification failed.\r\n",
                Kind::kFinal, ErrorCategory::kPermission, "No ED25519 host key is known"},
           Case{"debug1: Authentications that can continue: publickey\nme@10.0.0.7: Permission "
                "denied (publickey).\r\n",
                Kind::kFinal, ErrorCategory::kPermission, "Permission denied"},
           Case{"Load key \"k\": bad permissions\r\nme@10.0.0.7: Permission denied (publickey).\n",
                Kind::kFinal, ErrorCategory::kPermission, "bad permissions"},
           Case{"ssh: connect to host 10.0.0.7 port 22: Connection refused\r\n", Kind::kPassing,
                ErrorCategory::kDevice, "refused"},
           Case{"ssh: connect to host 10.0.0.7 port 22: No route to host\r\n", Kind::kPassing,
                ErrorCategory::kDevice, "No route"},
           Case{"ssh: Could not resolve hostname pi: Name or service not known\r\n", Kind::kPassing,
                ErrorCategory::kDevice, "resolve"},
           Case{"Connection timed out during banner exchange\r\nConnection to 10.0.0.7 port 22 "
                "timed out\r\n",
                Kind::kPassing, ErrorCategory::kDevice, "timed out"},
           Case{"Timeout, server 10.0.0.7 not responding.\r\n", Kind::kPassing,
                ErrorCategory::kDevice, "not responding"},
           Case{"debug1: client_input_channel_req: channel 0 rtype exit-signal reply 0\r\n",
                Kind::kAgent, ErrorCategory::kDevice, "killed by a signal"},
           Case{"", Kind::kPassing, ErrorCategory::kDevice, "broke"},
       }) {
    const TransportEnd end = ssh_end(board(), exited(255), wanted.log, kSeen);
    EXPECT_EQ(end.kind, wanted.kind) << wanted.log;
    EXPECT_EQ(end.error.category, wanted.category) << wanted.log;
    EXPECT_NE(end.error.message.find(wanted.says), std::string::npos) << end.error.message;
    EXPECT_NE(end.error.message.find("\"pi\""), std::string::npos) << end.error.message;
    EXPECT_EQ(end.error.message.find('\n'), std::string::npos) << end.error.message;
    EXPECT_FALSE(end.error.hint.empty()) << wanted.log;
  }
}

TEST(SshEnd, WordsOfTheDebuggingLevelAreNotCauses) {
  const TransportEnd end = ssh_end(board(), exited(255),
                                   "debug1: Permission denied is what a server might say\n", kSeen);
  EXPECT_EQ(end.kind, Kind::kPassing);
}

TEST(SshEnd, TheShellsCodesTellAMissingAgentFromOneThatCannotRun) {
  const TransportEnd missing = ssh_end(board(), exited(127), "", kSeen);
  EXPECT_EQ(missing.kind, Kind::kFinal);
  EXPECT_EQ(missing.error.category, ErrorCategory::kDevice);
  EXPECT_NE(missing.error.message.find("edgetran-agent"), std::string::npos);
  const TransportEnd forbidden = ssh_end(board(), exited(126), "", kSeen);
  EXPECT_EQ(forbidden.kind, Kind::kFinal);
  EXPECT_EQ(forbidden.error.category, ErrorCategory::kPermission);
}

TEST(SshEnd, AnAgentsOwnEndIsTheAgents) {
  const TransportEnd end = ssh_end(board(), exited(113), "", kSeen);
  EXPECT_EQ(end.kind, Kind::kAgent);
  EXPECT_NE(end.error.message.find("113"), std::string::npos) << end.error.message;
}

TEST(SshEnd, ASshThatStillRunsHasAnAgentThatTalksNonsense) {
  const TransportEnd end = ssh_end(board(), std::nullopt, "", kSeen);
  EXPECT_EQ(end.kind, Kind::kAgent);
  EXPECT_NE(end.error.hint.find(".bashrc"), std::string::npos);
}

TEST(SshEnd, WhatTheBoardSaysCannotSteerTheTerminal) {
  const TransportEnd end =
      ssh_end(board(), exited(255), "\x1b[2J Permission denied (publickey).\n", kSeen);
  EXPECT_EQ(end.error.message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace edgetran::device
