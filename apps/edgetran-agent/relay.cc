#include "relay.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace {

using edgetran::base::Result;
using edgetran::wire::Portion;
using edgetran::wire::Transport;
using edgetran::wire::Want;

/// A pipe's capacity.
constexpr size_t kBufferBytes = 65536;
/// How long a client may take to read the last bytes of a session that has ended.
constexpr double kLastBytesS = 5;

/// One direction: what was read and not yet written.
class Lane {
 public:
  Lane(Transport& from, Transport& to) : from_(from), to_(to) {}

  /// Moves what can be moved now; true where something was.
  Result<bool> move() {
    bool moved = false;
    if (at_ == end_ && !ended_) {
      read_failed_ = true;
      EDGETRAN_ASSIGN(const Portion portion, from_.read(buffer_));
      read_failed_ = false;
      at_ = 0;
      end_ = portion.bytes;
      ended_ = portion.ended;
      read_want_ = portion.want;
      moved = portion.bytes > 0 || portion.ended;
    }
    if (at_ < end_) {
      EDGETRAN_ASSIGN(const Portion portion,
                      to_.write(std::string_view(buffer_.data() + at_, end_ - at_)));
      at_ += portion.bytes;
      write_want_ = portion.want;
      moved = moved || portion.bytes > 0;
    }
    return moved;
  }

  /// Everything that `from` ever said is with `to`.
  bool done() const { return ended_ && at_ == end_; }
  bool ended() const { return ended_; }
  /// Of a move() that failed: whether `from` was the cause.
  bool read_failed() const { return read_failed_; }

  /// What to wait for; none where the lane is done.
  pollfd waits_for() const {
    if (done()) return {-1, 0, 0};
    const bool writes = at_ < end_;
    const Want want = writes ? write_want_ : read_want_;
    const Transport& side = writes ? to_ : from_;
    return {side.descriptor(want), static_cast<int16_t>(want == Want::kWritable ? POLLOUT : POLLIN),
            0};
  }

 private:
  Transport& from_;
  Transport& to_;
  std::array<char, kBufferBytes> buffer_;
  size_t at_ = 0;
  size_t end_ = 0;
  bool ended_ = false;
  bool read_failed_ = false;
  Want read_want_ = Want::kNothing;
  Want write_want_ = Want::kNothing;
};

constexpr pollfd kNothing{-1, 0, 0};

class Relay {
 public:
  Relay(Transport& client, Transport& session, int stop_descriptor)
      : up_(client, session), down_(session, client), stop_descriptor_(stop_descriptor) {}

  std::string run() {
    while (true) {
      bool moved = false;
      if (std::string over = move(moved); !over.empty()) return over;
      if (!wait(moved)) return deadline_s_ ? "the client does not read" : "the agent is stopping";
    }
  }

 private:
  /// Moves both lanes; says why the relay is over, where it is.
  std::string move(bool& moved) {
    if (listens()) {
      const auto up = up_.move();
      // A session that takes no more may have said why: its last bytes are still to come.
      if (!up && !up_.read_failed()) {
        deaf_ = true;
      } else if (!up) {
        return up.error().message;
      } else if (up_.done()) {
        return "the client closed the connection";
      }
      moved = up.value_or(true);
    }
    const auto down = down_.move();
    if (!down) return down_.read_failed() ? "the session vanished" : down.error().message;
    if (down_.done()) return "the session closed the connection";
    if (down_.ended() && !deadline_s_) deadline_s_ = clock_.now_s() + kLastBytesS;
    moved = moved || *down;
    return {};
  }

  /// Whether the session still takes what the client says.
  bool listens() const { return !deaf_ && !down_.ended(); }

  /// Waits for either lane, or only looks where something has just moved; false where the process
  /// is to stop or the time is over.
  bool wait(bool moved) {
    std::array<pollfd, 3> entries{
        listens() ? up_.waits_for() : kNothing, down_.waits_for(), {stop_descriptor_, POLLIN, 0}};
    int time_ms = -1;
    if (deadline_s_) {
      time_ms = static_cast<int>(std::max(0.0, *deadline_s_ - clock_.now_s()) * 1e3);
    }
    if (moved) time_ms = 0;
    int count = 0;
    do {
      count = ::poll(entries.data(), entries.size(), time_ms);
    } while (count < 0 && errno == EINTR);
    return (count > 0 || moved) && entries[2].revents == 0;
  }

  Lane up_;
  Lane down_;
  int stop_descriptor_;
  edgetran::base::SystemClock clock_;
  bool deaf_ = false;
  std::optional<double> deadline_s_;
};

}  // namespace

std::string relay(Transport& client, edgetran::base::ChildProcess& session, int stop_descriptor) {
  const auto pipes =
      edgetran::wire::descriptor_transport(session.stdout_descriptor(), session.stdin_descriptor());
  // On the heap: two buffers are much for the stack of a thread.
  return std::make_unique<Relay>(client, *pipes, stop_descriptor)->run();
}
