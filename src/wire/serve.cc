#include <fmt/core.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "wire/request_line.h"
#include "wire/service.h"

namespace edgetran::wire {

namespace {

/// How often the reading thread looks whether the session is over.
constexpr double kServeTickS = 0.05;

/// Sends events of one request; a peer that is gone is noticed by the reader, not here.
class ConnectionSink final : public base::EventSink {
 public:
  ConnectionSink(Connection& connection, int64_t id) : connection_(connection), id_(id) {}
  void emit(const base::Event& event) override {
    static_cast<void>(connection_.send(event_message(id_, event.name, event.fields)));
  }

 private:
  Connection& connection_;
  int64_t id_;
};

base::Error resource(std::string message, std::string hint = {}) {
  return {base::ErrorCategory::kResource, std::move(message), std::move(hint)};
}

/// The two threads of serve() and what they share.
class Server {
 public:
  Server(Connection& connection, const Service& service, ServeOptions options)
      : connection_(connection),
        service_(service),
        session_(service),
        options_(std::move(options)),
        clock_(options_.clock != nullptr ? *options_.clock : system_clock_),
        line_({options_.max_waiting, options_.max_json_bytes, options_.max_blob_bytes},
              [this](uint64_t bytes) { connection_.limit_blobs(bytes); }),
        start_s_(clock_.now_s()),
        active_s_(start_s_) {}

  base::Status run() {
    std::thread reading([this] { read(); });
    work_through();
    stop();
    reading.join();
    return status_;
  }

 private:
  void work_through() {
    try {
      while (auto waiting = line_.take()) {
        if (!work(std::move(*waiting))) return;
      }
    } catch (const std::bad_alloc&) {
      finish(base::fail(resource("out of memory while answering")));
    }
  }

  void read() {
    try {
      base::Status status = read_until_over();
      if (!status || !said_bye_) finish(std::move(status));
    } catch (const std::bad_alloc&) {
      finish(base::fail(resource("out of memory while reading")));
    }
    if (options_.abandon && !wait_for_stop(options_.abandon_s)) options_.abandon();
  }

  /// Success at the end of the stream, or when the working thread has stopped.
  base::Status read_until_over() {
    while (!stopped()) {
      if (said_bye_) {
        // Nothing more is read; a client that left without waiting is no error.
        if (!connection_.sending()) line_.end();
        wait_for_stop(kServeTickS);
        continue;
      }
      EDGETRAN_TRY(connection_.sending());
      EDGETRAN_ASSIGN(Incoming incoming, connection_.receive(kServeTickS));
      EDGETRAN_TRY(check_patience());
      switch (incoming.kind) {
        case Incoming::Kind::kTimeout:
          break;
        case Incoming::Kind::kEnd:
          return {};
        case Incoming::Kind::kMalformed:
          refuse(incoming.message.json, incoming.error);
          break;
        case Incoming::Kind::kMessage:
          accept(std::move(incoming));
          break;
      }
    }
    return {};
  }

  /// An error where the client took too long to say hello, or has been idle for too long.
  base::Status check_patience() {
    const bool keeps_place = options_.keeps_place && options_.keeps_place();
    const double now_s = clock_.now_s();
    if (options_.hello_s > 0 && session_.protocol() == 0 && now_s - start_s_ > options_.hello_s) {
      return base::fail(
          resource(fmt::format("the client did not say hello within {:g} s", options_.hello_s)));
    }
    const bool active = connection_.received_bytes() != seen_bytes_ || !line_.empty();
    seen_bytes_ = connection_.received_bytes();
    if (active || keeps_place) active_s_ = now_s;
    if (options_.idle_s > 0 && now_s - active_s_ > options_.idle_s) {
      return base::fail(
          resource(fmt::format("the client was idle for {:g} s without a lease", options_.idle_s)));
    }
    return {};
  }

  void refuse(const base::Json& json, const base::Error& error) {
    if (options_.refused) options_.refused(error);
    const bool has_id = json.is_object() && json.contains("id") && json["id"].is_number_integer();
    static_cast<void>(
        connection_.send(failure_reply(has_id ? json["id"] : base::Json(nullptr), error)));
  }

  /// Sends a reply; one whose JSON does not fit a frame becomes the error that says so.
  void reply(int64_t id, const Message& message) {
    if (const auto error = message.json.find("error");
        options_.refused && error != message.json.end()) {
      options_.refused(error_from_json(*error));
    }
    if (auto sent = connection_.send(message.json, message.blob);
        !sent && sent.error().category == base::ErrorCategory::kResource) {
      refuse({{"id", id}}, sent.error());
    }
  }

  /// Answers or puts in line.
  void accept(Incoming incoming) {
    const base::Json envelope = {{"id", incoming.message.json.value("id", base::Json())}};
    auto request = parse_request(std::move(incoming.message));
    if (!request) return refuse(envelope, request.error());
    if (request->verb == "cancel" && session_.protocol() > 0) return cancel(*request);
    const int64_t id = request->id;
    if (service_.mode(request->verb) == Mode::kImmediate) {
      ConnectionSink sink(connection_, id);
      return reply(id, session_.answer(std::move(*request), sink, {}));
    }
    said_bye_ = request->verb == "bye";
    if (auto placed = line_.push(std::move(*request), incoming.json_bytes); !placed) {
      refuse({{"id", id}}, placed.error());
    }
  }

  void cancel(const Request& request) {
    const auto target = request.body.find("target");
    if (target == request.body.end() || !target->is_number_integer()) {
      return refuse({{"id", request.id}}, {base::ErrorCategory::kUsage,
                                           "cancel needs \"target\", the id of a request", ""});
    }
    const bool found = line_.cancel(target->get<int64_t>());
    static_cast<void>(connection_.send(success_reply(request.id, {{"cancelled", found}})));
  }

  /// Runs one request and replies; false after `bye`.
  bool work(Waiting waiting) {
    const int64_t id = waiting.request.id;
    if (waiting.cancel.requested()) {
      line_.done();
      refuse({{"id", id}}, {base::ErrorCategory::kInterrupted, "cancelled before it started", ""});
      return true;
    }
    const bool last = waiting.request.verb == "bye";
    ConnectionSink sink(connection_, id);
    const Message answer = session_.answer(std::move(waiting.request), sink, waiting.cancel);
    line_.done();  // before the reply, on which the client may send its next blob
    reply(id, answer);
    return !last;
  }

  /// Nobody waits for replies any more. The first reason stays.
  void finish(base::Status status) {
    {
      const std::scoped_lock lock(mutex_);
      if (status_) status_ = std::move(status);
    }
    line_.end();
  }

  void stop() {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    stopped_.notify_one();
  }

  bool stopped() {
    const std::scoped_lock lock(mutex_);
    return stopping_;
  }

  bool wait_for_stop(double seconds) {
    std::unique_lock lock(mutex_);
    return stopped_.wait_for(lock, std::chrono::duration<double>(seconds),
                             [this] { return stopping_; });
  }

  Connection& connection_;
  const Service& service_;
  Session session_;
  ServeOptions options_;
  base::SystemClock system_clock_;
  const base::Clock& clock_;
  RequestLine line_;
  // Of the reading thread:
  double start_s_;
  double active_s_;
  uint64_t seen_bytes_ = 0;
  bool said_bye_ = false;
  // Of both:
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  base::Status status_;
};

}  // namespace

base::Status serve(Connection& connection, const Service& service, ServeOptions options) {
  return Server(connection, service, std::move(options)).run();
}

}  // namespace edgetran::wire
