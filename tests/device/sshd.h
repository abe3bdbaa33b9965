#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/process.h"
#include "device/card.h"

namespace edgetran::device {

/// Looks at `done` until it is true, for half a minute at most.
template <class Condition>
bool becomes_true(Condition done) {
  base::SystemClock clock;
  const double until_s = clock.now_s() + 30;
  while (!done()) {
    if (clock.now_s() > until_s) return false;
    clock.sleep_until(clock.now_s() + 0.01);
  }
  return true;
}

/// Ids of a process's children and theirs, in no order.
inline std::vector<pid_t> descendants(pid_t id) {
  std::vector<pid_t> all;
  const std::string process = std::to_string(id);
  std::istringstream children(
      base::read_file("/proc/" + process + "/task/" + process + "/children").value_or(""));
  for (pid_t child = 0; children >> child;) {
    all.push_back(child);
    const auto below = descendants(child);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

/// Makes a key pair without a passphrase and returns the public line.
inline std::string make_key(const std::filesystem::path& file) {
  base::ProcessOptions options;
  options.arguments = {"ssh-keygen", "-q", "-t", "ed25519", "-N",
                       "",           "-C", "",   "-f",      file.string()};
  auto child = base::ChildProcess::spawn(options);
  EXPECT_TRUE(child && child->wait(30) && child->poll()->success());
  const std::string line = base::read_file(file.string() + ".pub").value_or("");
  return line.substr(0, line.find_last_not_of(" \n") + 1);
}

/// OpenSSH's own server on loopback, as the user who runs the test, with keys of its own.
class Sshd {
 public:
  static constexpr const char* kProgram = "/usr/sbin/sshd";

  /// What it takes and this machine lacks; empty: nothing.
  static std::string missing() {
    if (::access(kProgram, X_OK) != 0) return "openssh-server is not installed";
    std::error_code code;
    // Where root runs it, sshd wants its folder for the separation of privileges.
    if (::geteuid() == 0) std::filesystem::create_directories("/run/sshd", code);
    return code ? "/run/sshd cannot be made" : "";
  }

  Sshd() : folder_(std::move(*base::TemporaryFolder::create("sshd"))), port_(free_port()) {
    host_key_ = make_key(path("host"));
    user_key_ = make_key(path("user"));
    authorize("");
    start();
  }

  void start() {
    const std::string text = "Port " + std::to_string(port_) +
                             "\nListenAddress 127.0.0.1\nHostKey " + path("host") +
                             "\nPidFile none\nAuthorizedKeysFile " + path("authorized_keys") +
                             "\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
                             "KbdInteractiveAuthentication no\nPermitRootLogin yes\nPrintMotd no\n";
    EXPECT_TRUE(base::write_file_atomic(path("config"), text));
    base::ProcessOptions options;
    options.arguments = {kProgram, "-D", "-e", "-f", path("config")};
    options.stderr_file = path("log");
    server_.emplace(std::move(*base::ChildProcess::spawn(options)));
    EXPECT_TRUE(becomes_true([&] { return connects(); })) << log();
  }

  /// Ends the server and every connection.
  void stop() {
    kill_sessions();
    server_.reset();
  }

  /// Kills what serves the open connections, not the server.
  void kill_sessions() {
    for (const pid_t id : descendants(server_->id())) {
      const auto name = base::read_file("/proc/" + std::to_string(id) + "/comm").value_or("");
      if (name.starts_with("sshd")) ::kill(id, SIGKILL);
    }
  }

  /// Lets the user's key in, with options in front ("command=...").
  void authorize(const std::string& options) {
    const std::string space = options.empty() ? "" : " ";
    EXPECT_TRUE(
        base::write_file_atomic(path("authorized_keys"), options + space + user_key_ + "\n"));
  }

  SshSettings settings(const std::string& program) const {
    SshSettings ssh;
    ssh.host = "127.0.0.1";
    ssh.user = ::getpwuid(::geteuid())->pw_name;
    ssh.port = port_;
    ssh.identity = path("user");
    ssh.host_key = host_key_;
    ssh.program = program;
    return ssh;
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string log() const { return base::read_file(path("log")).value_or(""); }
  int64_t port() const { return port_; }

 private:
  static sockaddr_in loopback(int64_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
  }

  /// One that is free at this moment.
  static int64_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(socket);
    return ntohs(address.sin_port);
  }

  bool connects() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port_);
    const int result =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(socket);
    return result == 0;
  }

  base::TemporaryFolder folder_;
  int64_t port_;
  std::string host_key_;
  std::string user_key_;
  std::optional<base::ChildProcess> server_;
};

}  // namespace edgetran::device
