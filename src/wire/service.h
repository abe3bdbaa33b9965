#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "base/result.h"
#include "wire/connection.h"
#include "wire/hello.h"
#include "wire/message.h"

namespace edgetran::wire {

/// A request in the hands of its handler.
struct Call {
  base::Json body;           ///< fields of the request without id, verb, blob_bytes
  std::string blob;          ///< may be moved from
  base::EventSink& events;   ///< sent at once as events of this request; any thread
  base::CancelToken cancel;  ///< requested by the verb `cancel`, twice when the peer is gone
};

/// What a handler gives back: fields of the reply and an optional blob.
struct Answer {
  base::Json fields = base::Json::object();
  std::string blob;
};

using Handler = std::function<base::Result<Answer>(Call&)>;

/// Where a handler runs: one after the other on the serving thread, or at once on the reading
/// thread while another request is at work (it must then be quick and thread-safe).
enum class Mode { kQueued, kImmediate };

/// A closed list of verbs. `hello`, `cancel` and `bye` are built in.
class Service {
 public:
  explicit Service(Hello self) : self_(std::move(self)) {}

  /// Adds a verb; each name once.
  void add(std::string verb, Handler handler, Mode mode = Mode::kQueued);

  const Hello& self() const { return self_; }
  std::vector<std::string> verbs() const;
  /// kQueued for a verb that is not known.
  Mode mode(const std::string& verb) const;
  /// Runs the verb's handler. kUsage with the nearest verb where there is none; an exception that
  /// escapes the handler becomes kFailed, running out of memory kResource.
  base::Result<Answer> run(const std::string& verb, Call& call) const;

 private:
  struct Entry {
    std::string verb;
    Handler handler;
    Mode mode;
  };
  const Entry* find(const std::string& verb) const;
  Hello self_;
  std::vector<Entry> entries_;
};

/// One client's talk with a service, message by message and without a transport: what tests and
/// fuzzing drive. `hello` comes first. answer() may run in two threads when one request is
/// kImmediate.
class Session {
 public:
  explicit Session(const Service& service) : service_(service) {}
  /// The reply to `request`, success or failure.
  Message answer(Request request, base::EventSink& events, const base::CancelToken& cancel);
  /// The version negotiated by hello, 0 before.
  int protocol() const { return protocol_; }

 private:
  base::Result<Answer> hello(const base::Json& body);
  const Service& service_;
  std::atomic<int> protocol_ = 0;
};

struct ServeOptions {
  size_t max_waiting = 16;  ///< more requests than this in line are answered with kResource
  /// Blobs of the requests in line and at work, all together; more are answered with kResource.
  uint64_t max_blob_bytes = uint64_t{1} << 30;
  /// JSON text of the requests in line, all together: a parsed text takes many times its size.
  size_t max_json_bytes = size_t{1} << 20;
  double hello_s = 0;  ///< the client must have said hello by then; 0: whenever it likes
  /// A client that sends nothing for so long while nothing is at work is dropped; 0: never.
  double idle_s = 0;
  /// Whether an idle client keeps its place all the same (it holds a lease). Asked often, from the
  /// reading thread.
  std::function<bool()> keeps_place;
  /// Called once from the reading thread where a request is still at work `abandon_s` after its
  /// client has gone. Empty: serve() waits for it.
  std::function<void()> abandon;
  double abandon_s = 10;
  /// Hears every error that the client is answered with; both threads.
  std::function<void(const base::Error&)> refused;
  const base::Clock* clock = nullptr;  ///< of hello_s and idle_s; null: the system's
};

/// Serves one client until `bye` or the end of the stream (both a success). A reading thread takes
/// requests, answers `cancel` and kImmediate verbs at once and puts the rest in line; the calling
/// thread works through them. When the client vanishes, what runs is cancelled urgently.
/// kProtocol: the stream broke, or the client does not read; kResource: it was too slow to say
/// hello or idle for too long. The program logs it and ends.
base::Status serve(Connection& connection, const Service& service, ServeOptions options = {});

}  // namespace edgetran::wire
