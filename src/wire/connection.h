#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "wire/message.h"
#include "wire/transport.h"

namespace edgetran::wire {

struct ConnectionOptions {
  Limits limits;
  /// A peer that takes no byte for this long is given up.
  double send_timeout_s = 30;
};

/// Messages over a transport. send() may be called from any thread and keeps a message and its blob
/// together; receive() from one thread at a time. Never raises SIGPIPE.
class Connection {
 public:
  /// Over a pair of descriptors, which it does not own (descriptor_transport).
  Connection(int read_descriptor, int write_descriptor, ConnectionOptions options = {});
  explicit Connection(std::unique_ptr<Transport> transport, ConnectionOptions options = {});
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends a JSON object and, where not empty, its blob. kProtocol: the peer vanished or does not
  /// read; after that the connection only fails. kResource: the JSON does not fit a frame.
  base::Status send(const base::Json& json, std::string_view blob = {});

  /// Why an earlier send() gave the peer up; success while sending works. Any thread.
  base::Status sending() const;

  /// The next message, waiting up to `timeout_s` (0: only what is there). Bytes of a message that
  /// is cut by the time-out are kept for the next call. kProtocol: the stream is broken or ended
  /// inside a message.
  base::Result<Incoming> receive(double timeout_s);

  /// Bytes that have arrived: shows that a peer is at work on a long message. Receiving thread.
  uint64_t received_bytes() const { return received_bytes_; }

  /// The largest blob of the messages that are announced from now on, within the options' limit.
  /// Any thread.
  void limit_blobs(uint64_t bytes) {
    reader_.limit_blobs(std::min(bytes, options_.limits.blob_bytes));
  }

 private:
  base::Status write_all(std::string_view bytes);

  ConnectionOptions options_;
  std::unique_ptr<Transport> transport_;
  MessageReader reader_;
  uint64_t received_bytes_ = 0;
  bool ended_ = false;
  mutable std::mutex failure_mutex_;
  base::Status sending_;
  std::mutex send_mutex_;
};

}  // namespace edgetran::wire
