#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/cancel.h"
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
};

/// Serves one client until `bye` or the end of the stream (both a success). A reading thread takes
/// requests, answers `cancel` and kImmediate verbs at once and puts the rest in line; the calling
/// thread works through them. When the client vanishes, what runs is cancelled urgently.
/// kProtocol: the stream broke; the program logs it and ends.
base::Status serve(Connection& connection, const Service& service, ServeOptions options = {});

}  // namespace edgetran::wire
