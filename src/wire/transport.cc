#include "wire/transport.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/system_error.h"
#include "wire/pipe_signal.h"

namespace edgetran::wire {

namespace {

base::Result<Portion> failed(int code, Want want) {
  if (code == EAGAIN || code == EWOULDBLOCK) return Portion{.want = want};
  return base::fail(base::ErrorCategory::kProtocol,
                    "the peer vanished: " + base::system_message(code));
}

class DescriptorTransport final : public Transport {
 public:
  DescriptorTransport(int read_descriptor, int write_descriptor)
      : read_descriptor_(read_descriptor),
        write_descriptor_(write_descriptor),
        read_flags_(base::make_nonblocking(read_descriptor)),
        write_flags_(
            write_descriptor == read_descriptor ? -1 : base::make_nonblocking(write_descriptor)) {}
  explicit DescriptorTransport(base::Descriptor socket)
      : DescriptorTransport(socket.get(), socket.get()) {
    owned_ = std::move(socket);
  }
  ~DescriptorTransport() override {
    if (read_flags_ >= 0) ::fcntl(read_descriptor_, F_SETFL, read_flags_);
    if (write_flags_ >= 0) ::fcntl(write_descriptor_, F_SETFL, write_flags_);
  }
  DescriptorTransport(const DescriptorTransport&) = delete;
  DescriptorTransport& operator=(const DescriptorTransport&) = delete;

  base::Result<Portion> read(std::span<char> room) override {
    ssize_t count = 0;
    do {
      count = ::read(read_descriptor_, room.data(), room.size());
    } while (count < 0 && errno == EINTR);
    if (count > 0) return Portion{.bytes = static_cast<size_t>(count)};
    if (count == 0 || errno == ECONNRESET) return Portion{.ended = true};
    return failed(errno, Want::kReadable);
  }

  base::Result<Portion> write(std::string_view bytes) override {
    const PipeSignalGuard guard;
    ssize_t count = 0;
    do {
      count = ::write(write_descriptor_, bytes.data(), bytes.size());
    } while (count < 0 && errno == EINTR);
    if (count >= 0) return Portion{.bytes = static_cast<size_t>(count)};
    return failed(errno, Want::kWritable);
  }

  int descriptor(Want want) const override {
    return want == Want::kWritable ? write_descriptor_ : read_descriptor_;
  }

  void finish() override { ::shutdown(write_descriptor_, SHUT_WR); }

 private:
  base::Descriptor owned_;
  int read_descriptor_;
  int write_descriptor_;
  int read_flags_;
  int write_flags_;
};

}  // namespace

std::unique_ptr<Transport> descriptor_transport(int read_descriptor, int write_descriptor) {
  return std::make_unique<DescriptorTransport>(read_descriptor, write_descriptor);
}

std::unique_ptr<Transport> socket_transport(base::Descriptor socket) {
  return std::make_unique<DescriptorTransport>(std::move(socket));
}

base::Result<Waited> wait_for(int descriptor, Want want, double deadline_s, int stop_descriptor) {
  const base::SystemClock clock;
  const auto events = static_cast<int16_t>(want == Want::kWritable ? POLLOUT : POLLIN);
  std::array<pollfd, 2> entries{{{descriptor, events, 0}, {stop_descriptor, POLLIN, 0}}};
  while (true) {
    const double left_s = deadline_s - clock.now_s();
    // Bounded so that the milliseconds of any time-out fit an int.
    const int left_ms = static_cast<int>(std::ceil(std::clamp(left_s, 0.0, 3600.0) * 1e3));
    const int count = ::poll(entries.data(), entries.size(), left_ms);
    if (count > 0) return entries[1].revents != 0 ? Waited::kStopped : Waited::kReady;
    if (count < 0 && errno != EINTR) {
      return base::fail(base::ErrorCategory::kProtocol,
                        "waiting for the peer failed: " + base::system_message(errno));
    }
    if (clock.now_s() >= deadline_s) return Waited::kTimeout;
  }
}

}  // namespace edgetran::wire
