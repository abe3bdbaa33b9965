#pragma once

#include <mutex>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "wire/message.h"

namespace edgetran::wire {

struct ConnectionOptions {
  Limits limits;
  /// A peer that takes no byte for this long is given up.
  double send_timeout_s = 30;
};

/// Messages over a pair of file descriptors (pipes, sockets; one may serve both ways). Does not own
/// the descriptors; they are made non-blocking for its life and restored at its end. send() may be
/// called from any thread and keeps a message and its blob together; receive() from one thread at a
/// time. Never raises SIGPIPE.
class Connection {
 public:
  Connection(int read_descriptor, int write_descriptor, ConnectionOptions options = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends a JSON object and, where not empty, its blob. kProtocol: the peer vanished or does not
  /// read; after that the connection only fails. kResource: the JSON does not fit a frame.
  base::Status send(const base::Json& json, std::string_view blob = {});

  /// The next message, waiting up to `timeout_s` (0: only what is there). Bytes of a message that
  /// is cut by the time-out are kept for the next call. kProtocol: the stream is broken or ended
  /// inside a message.
  base::Result<Incoming> receive(double timeout_s);

 private:
  base::Status write_all(std::string_view bytes);

  int read_descriptor_;
  int write_descriptor_;
  int read_flags_;
  int write_flags_;
  ConnectionOptions options_;
  MessageReader reader_;
  bool ended_ = false;
  std::mutex send_mutex_;
  bool send_failed_ = false;
};

}  // namespace edgetran::wire
