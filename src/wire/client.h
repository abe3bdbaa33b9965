#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/event.h"
#include "base/json.h"
#include "base/result.h"
#include "wire/connection.h"
#include "wire/hello.h"

namespace edgetran::wire {

/// How long and with whom a call waits.
struct CallOptions {
  double timeout_s = 0;               ///< for the reply as a whole; 0: for ever
  base::EventSink* events = nullptr;  ///< receives the events of this request
  base::CancelToken cancel;           ///< first request: sends `cancel`; second: gives up at once
  /// A verb to send (its reply is dropped) every heartbeat_s while waiting; empty: none.
  std::string heartbeat_verb;
  double heartbeat_s = 0;  ///< 0: not by time
  /// An event of this request at which the heartbeat is sent at once: a peer that must not be
  /// disturbed says when it wants one. Empty: none.
  std::string heartbeat_event{};
  /// How many seconds the peer may send nothing at all; asked at each look. Empty: for ever.
  std::function<double()> silence_s{};
};

/// The asking side of a connection: one call at a time, from one thread.
class Client {
 public:
  explicit Client(Connection& connection) : connection_(connection) {}

  /// Says hello and checks versions and service. Returns what the service says of itself.
  base::Result<Hello> hello(const Hello& self, double timeout_s = 10);

  /// Sends {"id", "verb", ...fields} with `blob` and waits for its reply: the fields without id and
  /// ok, and the reply's blob. An error reply comes back as that error. kProtocol: the peer broke
  /// the protocol, vanished or did not answer in time. kInterrupted: given up on the second cancel.
  base::Result<Message> call(const std::string& verb, const base::Json& fields,
                             std::string_view blob = {}, const CallOptions& options = {});

  /// Whether the last call ended by the peer's own reply, be it an error: it is there and
  /// understands.
  bool replied() const { return replied_; }

  /// Whether the last call was given up because nothing came for CallOptions::silence_s.
  bool silent() const { return silent_; }

 private:
  std::optional<base::Error> refusal();
  base::Result<std::optional<Message>> take(Incoming incoming, int64_t id,
                                            const CallOptions& options);
  base::Status tend(int64_t id, const CallOptions& options, double now_s);
  base::Status listen(const CallOptions& options, double now_s);

  Connection& connection_;
  int64_t last_id_ = 0;
  bool cancel_sent_ = false;
  bool replied_ = false;
  bool silent_ = false;
  uint64_t heard_bytes_ = 0;
  double heard_s_ = 0;  ///< when the last bytes came
  double next_heartbeat_s_ = 0;
};

}  // namespace edgetran::wire
