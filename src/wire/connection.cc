#include "wire/connection.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <ctime>

#include "base/clock.h"
#include "base/system_error.h"

namespace edgetran::wire {

namespace {

/// Keeps a write to a closed pipe from killing the process: blocks SIGPIPE in this thread and
/// swallows one that the write raised. Leaves the process's handlers alone.
class PipeSignalGuard {
 public:
  PipeSignalGuard() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalGuard() {
    const timespec at_once{};
    if (!was_pending_) {
      while (sigtimedwait(&pipe_, nullptr, &at_once) == -1 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalGuard(const PipeSignalGuard&) = delete;
  PipeSignalGuard& operator=(const PipeSignalGuard&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

/// Waits until the descriptor answers or the deadline passes; false on time-out.
base::Result<bool> wait_for(int descriptor, int16_t events, double deadline_s) {
  const base::SystemClock clock;
  while (true) {
    const double left_s = deadline_s - clock.now_s();
    // Bounded so that the milliseconds of any time-out fit an int.
    const int left_ms = static_cast<int>(std::ceil(std::clamp(left_s, 0.0, 3600.0) * 1e3));
    pollfd entry{descriptor, events, 0};
    const int count = ::poll(&entry, 1, left_ms);
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) {
      return base::fail(base::ErrorCategory::kProtocol,
                        "waiting for the peer failed: " + base::system_message(errno));
    }
    if (clock.now_s() >= deadline_s) return false;
  }
}

int make_nonblocking(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags >= 0) ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
  return flags;
}

tl::unexpected<base::Error> vanished(const std::string& detail) {
  return base::fail(base::ErrorCategory::kProtocol, "the peer vanished: " + detail);
}

}  // namespace

Connection::Connection(int read_descriptor, int write_descriptor, ConnectionOptions options)
    : read_descriptor_(read_descriptor),
      write_descriptor_(write_descriptor),
      read_flags_(make_nonblocking(read_descriptor)),
      write_flags_(write_descriptor == read_descriptor ? -1 : make_nonblocking(write_descriptor)),
      options_(options),
      reader_(options.limits) {}

Connection::~Connection() {
  if (read_flags_ >= 0) ::fcntl(read_descriptor_, F_SETFL, read_flags_);
  if (write_flags_ >= 0) ::fcntl(write_descriptor_, F_SETFL, write_flags_);
}

base::Status Connection::send(const base::Json& json, std::string_view blob) {
  EDGETRAN_ASSIGN(const std::string head, encode_json(json, blob.size()));
  const std::scoped_lock lock(send_mutex_);
  if (send_failed_) return vanished("an earlier message could not be sent");
  auto status = write_all(head);
  // Chunk by chunk, so that a large blob is never held twice.
  for (size_t at = 0; status && at < blob.size(); at += kMaxPayloadBytes) {
    status = write_all(encode_frame(FrameKind::kBlob, blob.substr(at, kMaxPayloadBytes)));
  }
  send_failed_ = !status;
  return status;
}

base::Status Connection::write_all(std::string_view bytes) {
  const PipeSignalGuard guard;
  const base::SystemClock clock;
  while (!bytes.empty()) {
    const ssize_t written = ::write(write_descriptor_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      return vanished(base::system_message(errno));
    }
    EDGETRAN_ASSIGN(const bool ready,
                    wait_for(write_descriptor_, POLLOUT, clock.now_s() + options_.send_timeout_s));
    if (!ready) {
      return base::fail(base::ErrorCategory::kProtocol,
                        fmt::format("the peer did not read for {:g} s", options_.send_timeout_s));
    }
  }
  return {};
}

base::Result<Incoming> Connection::receive(double timeout_s) {
  const double deadline_s = base::SystemClock().now_s() + timeout_s;
  std::array<char, 65536> chunk;
  while (true) {
    if (auto incoming = reader_.next()) return std::move(*incoming);
    if (ended_) return Incoming{.kind = Incoming::Kind::kEnd, .message = {}, .error = {}};
    EDGETRAN_ASSIGN(const bool ready, wait_for(read_descriptor_, POLLIN, deadline_s));
    if (!ready) return Incoming{};
    const ssize_t count = ::read(read_descriptor_, chunk.data(), chunk.size());
    if (count > 0) {
      EDGETRAN_TRY(reader_.feed({chunk.data(), static_cast<size_t>(count)}));
    } else if (count == 0 || errno == ECONNRESET) {
      ended_ = true;
      if (reader_.in_message()) return vanished("the stream ended inside a message");
    } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
      return vanished(base::system_message(errno));
    }
  }
}

}  // namespace edgetran::wire
