#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/process.h"
#include "places.h"
#include "profile/sensors/powercap_tree.h"
#include "profile/sensors/sensord_protocol.h"
#include "profile/sensors/sensord_socket.h"

namespace edgetran::profile::sensors::testing {

inline const std::filesystem::path kSensord = places::programs() / "edgetran-sensord";
/// Long enough for a loaded machine; nothing waits so long that goes well.
inline constexpr int kPatience_s = 20;

/// A client that says what it likes.
class RawClient {
 public:
  explicit RawClient(const std::filesystem::path& socket)
      : socket_(connect_sensord(socket, kPatience_s)) {}

  bool connected() const { return socket_.valid(); }
  bool send(std::string_view packet) const {
    return ::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(packet.size());
  }
  /// The next packet; "" when the helper has ended the connection.
  std::string receive() const {
    std::array<char, 4096> packet;
    const ssize_t count = ::recv(socket_.get(), packet.data(), packet.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("silence");
    return count <= 0 ? std::string() : std::string(packet.data(), static_cast<size_t>(count));
  }
  std::string ask(std::string_view packet) const {
    return send(packet) ? receive() : std::string();
  }
  int descriptor() const { return socket_.get(); }

 private:
  base::Descriptor socket_;
};

/// The program, serving a tree at the place where drivers look for it.
class SensordProcess {
 public:
  explicit SensordProcess(const SysfsTree& tree, const std::vector<std::string>& more = {})
      : socket_(tree.at(kSensordSocket)), log_(tree.at("/sensord.log")) {
    std::filesystem::create_directories(socket_.parent_path().parent_path());
    std::filesystem::remove(log_);  // of one that ran before it
    base::ProcessOptions options;
    options.arguments = {kSensord.string(), "--root", tree.at("/").string(), "--socket",
                         socket_.string()};
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    options.stderr_file = log_;
    child_.emplace(std::move(base::ChildProcess::spawn(options).value()));
    base::SystemClock clock;
    const double until_s = clock.now_s() + kPatience_s;
    while (!log().contains_text(" files, at ")) {
      if (child_->wait(0.01)) return;  // it ended; the test looks at how
      if (clock.now_s() > until_s) throw std::runtime_error("edgetran-sensord does not start");
    }
  }

  struct Log {
    std::string text;
    bool contains_text(std::string_view part) const { return text.find(part) != text.npos; }
  };
  Log log() const { return {base::read_file(log_).value_or("")}; }
  /// Waits until it has logged so.
  bool logs(std::string_view part) {
    base::SystemClock clock;
    const double until_s = clock.now_s() + kPatience_s;
    while (!log().contains_text(part)) {
      if (clock.now_s() > until_s || child_->wait(0.01)) return log().contains_text(part);
    }
    return true;
  }
  base::ChildProcess& child() { return *child_; }
  const std::filesystem::path& socket() const { return socket_; }
  RawClient client() const { return RawClient(socket_); }
  /// A field of /proc/PID/status.
  std::string status(std::string_view field) const {
    const std::string text =
        base::read_file("/proc/" + std::to_string(child_->id()) + "/status").value_or("");
    const size_t begin = text.find("\n" + std::string(field) + ":\t");
    if (begin == std::string::npos) return "no such field";
    const size_t from = begin + field.size() + 3;
    return text.substr(from, text.find('\n', from) - from);
  }

 private:
  std::filesystem::path socket_;
  std::filesystem::path log_;
  std::optional<base::ChildProcess> child_;
};

}  // namespace edgetran::profile::sensors::testing
