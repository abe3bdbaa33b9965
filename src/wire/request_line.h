#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "base/cancel.h"
#include "base/result.h"
#include "wire/message.h"

namespace edgetran::wire {

/// A request in line.
struct Waiting {
  Request request;
  size_t json_bytes = 0;
  base::CancelToken cancel;
};

struct LineLimits {
  size_t requests = 0;      ///< in line
  size_t json_bytes = 0;    ///< of the text of those in line; one request always fits
  uint64_t blob_bytes = 0;  ///< of those in line and of the one at work
};

/// The requests of one client between the thread that reads and the thread that works. What a
/// client can make it hold is bounded. Thread-safe.
class RequestLine {
 public:
  /// `on_room` hears how many blob bytes the line could still hold, whenever that changes.
  RequestLine(LineLimits limits, std::function<void(uint64_t)> on_room);

  /// Puts a request in line. kResource where the line is full; `bye` always finds room.
  base::Status push(Request request, size_t json_bytes);
  /// Waits for the next request, which is then at work; nullopt after end().
  std::optional<Waiting> take();
  /// The request at work is done: its blob counts no more.
  void done();
  /// Asks the request `id` to stop; false where there is none in line or at work.
  bool cancel(int64_t id);
  /// The client has gone: drops the line and stops urgently what is at work.
  void end();

  bool empty() const;  ///< nothing in line, nothing at work

 private:
  void tell_room();

  LineLimits limits_;
  std::function<void(uint64_t)> on_room_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> line_;
  size_t json_bytes_ = 0;
  uint64_t blob_bytes_ = 0;
  uint64_t running_blob_bytes_ = 0;
  std::optional<base::CancelToken> running_;
  int64_t running_id_ = 0;
  bool ended_ = false;
};

}  // namespace edgetran::wire
