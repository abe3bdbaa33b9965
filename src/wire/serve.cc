#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "wire/service.h"

namespace edgetran::wire {

namespace {

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

struct Waiting {
  Request request;
  base::CancelToken cancel;
};

/// The two threads of serve() and what they share.
class Server {
 public:
  Server(Connection& connection, const Service& service, ServeOptions options)
      : connection_(connection), service_(service), session_(service), options_(options) {}

  base::Status run() {
    std::thread reading([this] { read(); });
    while (auto waiting = take()) {
      if (!work(std::move(*waiting))) break;
    }
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    reading.join();
    return status_;
  }

 private:
  /// How often the reading thread looks whether the session is over.
  static constexpr double kTickS = 0.05;

  void read() {
    while (!stopped()) {
      auto incoming = connection_.receive(kTickS);
      if (!incoming) return finish(base::fail(std::move(incoming).error()));
      switch (incoming->kind) {
        case Incoming::Kind::kTimeout:
          break;
        case Incoming::Kind::kEnd:
          return finish({});
        case Incoming::Kind::kMalformed:
          refuse(incoming->message.json, incoming->error);
          break;
        case Incoming::Kind::kMessage:
          if (!accept(std::move(incoming->message))) return;
          break;
      }
    }
  }

  void refuse(const base::Json& json, const base::Error& error) {
    const bool has_id = json.is_object() && json.contains("id") && json["id"].is_number_integer();
    static_cast<void>(
        connection_.send(failure_reply(has_id ? json["id"] : base::Json(nullptr), error)));
  }

  /// Answers or puts in line; false when nothing more is to be read (`bye`).
  bool accept(Message message) {
    const base::Json envelope = {{"id", message.json.value("id", base::Json())}};
    auto request = parse_request(std::move(message));
    if (!request) {
      refuse(envelope, request.error());
      return true;
    }
    if (request->verb == "cancel" && session_.protocol() > 0) {
      cancel(*request);
      return true;
    }
    if (service_.mode(request->verb) == Mode::kImmediate) {
      ConnectionSink sink(connection_, request->id);
      const Message reply = session_.answer(std::move(*request), sink, {});
      static_cast<void>(connection_.send(reply.json, reply.blob));
      return true;
    }
    const bool last = request->verb == "bye";
    enqueue(std::move(*request));
    return !last;
  }

  void enqueue(Request request) {
    std::unique_lock lock(mutex_);
    if (line_.size() >= options_.max_waiting && request.verb != "bye") {
      lock.unlock();
      refuse({{"id", request.id}},
             {base::ErrorCategory::kResource, "too many requests are waiting", "wait for replies"});
      return;
    }
    line_.push_back({std::move(request), {}});
    changed_.notify_one();
  }

  void cancel(const Request& request) {
    const auto target = request.body.find("target");
    if (target == request.body.end() || !target->is_number_integer()) {
      return refuse({{"id", request.id}}, {base::ErrorCategory::kUsage,
                                           "cancel needs \"target\", the id of a request", ""});
    }
    const bool found = request_cancel(target->get<int64_t>());
    static_cast<void>(connection_.send(success_reply(request.id, {{"cancelled", found}})));
  }

  bool request_cancel(int64_t target) {
    const std::scoped_lock lock(mutex_);
    if (running_ && running_id_ == target) {
      running_->request();
      return true;
    }
    for (const Waiting& waiting : line_) {
      if (waiting.request.id != target) continue;
      waiting.cancel.request();
      return true;
    }
    return false;
  }

  /// The stream is over: nobody waits for replies, so drop the line and stop what runs.
  void finish(base::Status status) {
    const std::scoped_lock lock(mutex_);
    status_ = std::move(status);
    ended_ = true;
    line_.clear();
    if (running_) {
      running_->request();
      running_->request();
    }
    changed_.notify_one();
  }

  std::optional<Waiting> take() {
    std::unique_lock lock(mutex_);
    running_.reset();
    changed_.wait(lock, [this] { return ended_ || !line_.empty(); });
    if (ended_) return std::nullopt;
    Waiting first = std::move(line_.front());
    line_.pop_front();
    running_ = first.cancel;
    running_id_ = first.request.id;
    return first;
  }

  /// Runs one request and replies; false after `bye`.
  bool work(Waiting waiting) {
    const int64_t id = waiting.request.id;
    if (waiting.cancel.requested()) {
      refuse({{"id", id}}, {base::ErrorCategory::kInterrupted, "cancelled before it started", ""});
      return true;
    }
    const bool last = waiting.request.verb == "bye";
    ConnectionSink sink(connection_, id);
    Message reply = session_.answer(std::move(waiting.request), sink, waiting.cancel);
    if (auto sent = connection_.send(reply.json, reply.blob);
        !sent && sent.error().category == base::ErrorCategory::kResource) {
      refuse({{"id", id}}, sent.error());
    }
    return !last;
  }

  bool stopped() {
    const std::scoped_lock lock(mutex_);
    return stopping_;
  }

  Connection& connection_;
  const Service& service_;
  Session session_;
  ServeOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> line_;
  std::optional<base::CancelToken> running_;
  int64_t running_id_ = 0;
  bool ended_ = false;
  bool stopping_ = false;
  base::Status status_;
};

}  // namespace

base::Status serve(Connection& connection, const Service& service, ServeOptions options) {
  return Server(connection, service, options).run();
}

}  // namespace edgetran::wire
