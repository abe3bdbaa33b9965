#include "wire/connection.h"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "base/clock.h"

namespace edgetran::wire {

namespace {

/// What one read takes at most: a pipe's capacity.
constexpr size_t kReadBytes = 65536;

tl::unexpected<base::Error> vanished(const std::string& detail) {
  return base::fail(base::ErrorCategory::kProtocol, "the peer vanished: " + detail);
}

}  // namespace

Connection::Connection(int read_descriptor, int write_descriptor, ConnectionOptions options)
    : Connection(descriptor_transport(read_descriptor, write_descriptor), options) {}

Connection::Connection(std::unique_ptr<Transport> transport, ConnectionOptions options)
    : options_(options), transport_(std::move(transport)), reader_(options.limits) {}

base::Status Connection::send(const base::Json& json, std::string_view blob) {
  EDGETRAN_ASSIGN(const std::string head, encode_json(json, blob.size()));
  const std::scoped_lock lock(send_mutex_);
  if (!sending()) return vanished("an earlier message could not be sent");
  auto status = write_all(head);
  // Chunk by chunk, so that a large blob is never held twice.
  for (size_t at = 0; status && at < blob.size(); at += kMaxPayloadBytes) {
    status = write_all(encode_frame(FrameKind::kBlob, blob.substr(at, kMaxPayloadBytes)));
  }
  if (!status) {
    const std::scoped_lock failure_lock(failure_mutex_);
    sending_ = status;
  }
  return status;
}

base::Status Connection::sending() const {
  const std::scoped_lock lock(failure_mutex_);
  return sending_;
}

base::Status Connection::write_all(std::string_view bytes) {
  const base::SystemClock clock;
  while (!bytes.empty()) {
    EDGETRAN_ASSIGN(const Portion portion, transport_->write(bytes));
    // Neither can be waited for: asking again would go on for ever.
    const bool stuck = portion.bytes == 0 && portion.want == Want::kNothing;
    if (portion.ended || stuck) return vanished("it takes nothing more");
    bytes.remove_prefix(portion.bytes);
    if (portion.want == Want::kNothing) continue;
    EDGETRAN_ASSIGN(const Waited waited,
                    wait_for(transport_->descriptor(portion.want), portion.want,
                             clock.now_s() + options_.send_timeout_s));
    if (waited != Waited::kReady) {
      return base::fail(base::ErrorCategory::kProtocol,
                        fmt::format("the peer did not read for {:g} s", options_.send_timeout_s));
    }
  }
  return {};
}

base::Result<Incoming> Connection::receive(double timeout_s) {
  const base::SystemClock clock;
  const double deadline_s = clock.now_s() + timeout_s;
  std::array<char, kReadBytes> chunk;
  while (true) {
    if (auto incoming = reader_.next()) return std::move(*incoming);
    if (ended_) return Incoming{.kind = Incoming::Kind::kEnd, .message = {}, .error = {}};
    EDGETRAN_ASSIGN(const Portion portion, transport_->read(chunk));
    if (portion.bytes > 0) {
      received_bytes_ += portion.bytes;
      EDGETRAN_TRY(reader_.feed({chunk.data(), portion.bytes}));
    } else if (portion.ended) {
      ended_ = true;
      if (reader_.in_message()) return vanished("the stream ended inside a message");
    } else {
      EDGETRAN_ASSIGN(const Waited waited,
                      wait_for(transport_->descriptor(portion.want), portion.want, deadline_s));
      if (waited == Waited::kTimeout) return Incoming{};
      continue;
    }
    // A peer that never pauses must not keep the caller from its other duties.
    if (timeout_s > 0 && clock.now_s() >= deadline_s) {
      if (auto incoming = reader_.next()) return std::move(*incoming);
      if (!ended_) return Incoming{};
    }
  }
}

}  // namespace edgetran::wire
