#include "device/ssh_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/files.h"
#include "base/process.h"

namespace edgetran::device {
namespace {

BoardInfo board() {
  BoardInfo board;
  board.kind = BoardKind::kSsh;
  board.ssh.host = "pi";
  board.ssh.host_key = "ssh-ed25519 AAAA";
  return board;
}

std::vector<std::string> arguments(const BoardInfo& board) {
  return ssh_arguments(board, {"/tmp/a b/known", "/tmp/a b/log"});
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

size_t place(const std::vector<std::string>& words, const std::string& word) {
  return static_cast<size_t>(std::find(words.begin(), words.end(), word) - words.begin());
}

/// What ssh makes of a command line (`ssh -G`), one "name value" a line; empty where it refuses.
std::string understood(std::vector<std::string> words) {
  words.insert(words.begin() + 1, "-G");
  base::ProcessOptions options;
  options.arguments = std::move(words);
  auto child = base::ChildProcess::spawn(options);
  if (!child) return "";
  std::string text;
  char chunk[4096];
  while (true) {
    const ssize_t count = ::read(child->stdout_descriptor(), chunk, sizeof chunk);
    if (count <= 0) break;
    text.append(chunk, static_cast<size_t>(count));
  }
  return child->wait(10) && child->poll()->success() ? text : "";
}

TEST(SshCommand, ChecksTheHostKeyAgainstThePinnedOneAlone) {
  const auto words = arguments(board());
  for (const char* option :
       {"BatchMode=yes", "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null",
        "UserKnownHostsFile=\"/tmp/a b/known\"", "HostKeyAlias=edgetran-board", "UpdateHostKeys=no",
        "VerifyHostKeyDNS=no", "NoHostAuthenticationForLocalhost=no"}) {
    EXPECT_TRUE(has(words, option)) << option;
  }
  EXPECT_EQ(words.at(place(words, "-F") + 1), "/dev/null");
}

TEST(SshCommand, ForwardsNothingAndSharesNothing) {
  const auto words = arguments(board());
  for (const char* option : {"ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no",
                             "ControlMaster=no", "ControlPath=none", "Compression=no", "-T"}) {
    EXPECT_TRUE(has(words, option)) << option;
  }
}

TEST(SshCommand, OptionsOfTheCardComeAfterOursWhichThereforeCount) {
  BoardInfo wanted = board();
  wanted.ssh.options = {"ProxyJump=gateway", "StrictHostKeyChecking=no"};
  const auto words = arguments(wanted);
  EXPECT_LT(place(words, "StrictHostKeyChecking=yes"), place(words, "StrictHostKeyChecking=no"));
  EXPECT_LT(place(words, "ProxyJump=gateway"), place(words, "--"));
}

TEST(SshCommand, IsUnderstoodByTheSystemsSshAsItIsMeant) {
  if (::access("/usr/bin/ssh", X_OK) != 0) GTEST_SKIP() << "openssh-client is not installed";
  BoardInfo wanted = board();
  wanted.ssh.user = "me";
  wanted.ssh.port = 2222;
  wanted.ssh.identity = "/tmp/50% sure/key";
  wanted.ssh.options = {"StrictHostKeyChecking=no", "ForwardAgent=yes", "Ciphers=aes128-ctr",
                        "NoHostAuthenticationForLocalhost=yes"};
  const auto folder = std::move(*base::TemporaryFolder::create("50% a b"));
  const auto known = folder.path() / "known";
  const std::string text = understood(ssh_arguments(wanted, {known, folder.path() / "log"}));
  for (const char* line :
       {"user me\n", "port 2222\n", "hostname pi\n", "stricthostkeychecking true\n",
        "forwardagent no\n", "nohostauthenticationforlocalhost no\n", "batchmode yes\n",
        "ciphers aes128-ctr\n", "compression no\n", "serveraliveinterval 10\n",
        "serveralivecountmax 3\n", "identitiesonly yes\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
  EXPECT_NE(text.find("userknownhostsfile " + known.string() + "\n"), std::string::npos) << text;
}

TEST(SshCommand, WhatACardMaySetIsKnownToTheSystemsSsh) {
  if (::access("/usr/bin/ssh", X_OK) != 0) GTEST_SKIP() << "openssh-client is not installed";
  const std::map<std::string, std::string> values = {{"AddressFamily", "inet"},
                                                     {"BindAddress", "127.0.0.1"},
                                                     {"BindInterface", "lo"},
                                                     {"CertificateFile", "/tmp/key-cert.pub"},
                                                     {"Ciphers", "aes128-ctr"},
                                                     {"HostKeyAlgorithms", "ssh-ed25519"},
                                                     {"IdentityAgent", "none"},
                                                     {"IPQoS", "none"},
                                                     {"KexAlgorithms", "curve25519-sha256"},
                                                     {"MACs", "hmac-sha2-256"},
                                                     {"PreferredAuthentications", "publickey"},
                                                     {"ProxyJump", "gateway"},
                                                     {"PubkeyAcceptedAlgorithms", "ssh-ed25519"},
                                                     {"RekeyLimit", "1G"},
                                                     {"RequiredRSASize", "2048"},
                                                     {"TCPKeepAlive", "no"}};
  const auto folder = std::move(*base::TemporaryFolder::create("ssh options"));
  for (const std::string& name : allowed_ssh_options()) {
    BoardInfo wanted = board();
    wanted.ssh.options = {name + "=" + values.at(name)};
    const auto words = ssh_arguments(wanted, {folder.path() / "known", folder.path() / "log"});
    EXPECT_NE(understood(words), "") << name;
  }
}

TEST(SshCommand, TheHostCannotBeTakenForAFlag) {
  const auto words = arguments(board());
  EXPECT_EQ(words.at(words.size() - 3), "--");
  EXPECT_EQ(words.at(words.size() - 2), "pi");
}

TEST(SshCommand, TheRemoteCommandQuotesEveryWordAndKeepsTheHome) {
  BoardInfo wanted = board();
  wanted.ssh.program = "~/my bin/agent";
  wanted.runtimes = {{"a", "it's"}};
  EXPECT_EQ(ssh_remote_command(wanted), "exec ~/'my bin/agent' '--stdio' '--runtime' 'a=it'\\''s'");
}

}  // namespace
}  // namespace edgetran::device
