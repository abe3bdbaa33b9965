#include "wire/client.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace edgetran::wire {

namespace {

/// How often a waiting call looks at its cancel token, time-out and heartbeat.
constexpr double kWaitTickS = 0.05;

base::Error protocol_error(std::string message) {
  return {base::ErrorCategory::kProtocol, std::move(message), {}};
}

/// An error about no request of ours: a service that takes no client now says so before it closes.
bool is_refusal(const base::Json& json) {
  const auto id = json.find("id");
  return id != json.end() && id->is_null() && json.value("ok", base::Json()) == false;
}

}  // namespace

base::Result<Hello> Client::hello(const Hello& self, double timeout_s) {
  CallOptions options;
  options.timeout_s = timeout_s;
  EDGETRAN_ASSIGN(const Message reply, call("hello", hello_json(self), {}, options));
  EDGETRAN_ASSIGN(Hello theirs, read_hello(reply.json));
  EDGETRAN_TRY(negotiate(self, theirs).map([](int) {}));
  return theirs;
}

base::Result<Message> Client::call(const std::string& verb, const base::Json& fields,
                                   std::string_view blob, const CallOptions& options) {
  const base::SystemClock clock;
  const int64_t id = ++last_id_;
  base::Json request = {{"id", id}, {"verb", verb}};
  for (const auto& [key, value] : fields.items()) {
    if (key != "id" && key != "verb") request[key] = value;
  }
  const double start_s = clock.now_s();
  cancel_sent_ = false;
  replied_ = false;
  silent_ = false;
  next_heartbeat_s_ = start_s + options.heartbeat_s;
  if (auto sent = connection_.send(request, blob); !sent) {
    return base::fail(refusal().value_or(sent.error()));
  }
  heard_s_ = clock.now_s();
  while (true) {
    EDGETRAN_ASSIGN(Incoming incoming, connection_.receive(kWaitTickS));
    EDGETRAN_ASSIGN(auto reply, take(std::move(incoming), id, options));
    if (reply) return std::move(*reply);
    const double now_s = clock.now_s();
    if (options.timeout_s > 0 && now_s - start_s > options.timeout_s) {
      return base::fail(
          protocol_error(fmt::format("no reply to \"{}\" within {:g} s", verb, options.timeout_s)));
    }
    EDGETRAN_TRY(listen(options, now_s));
    EDGETRAN_TRY(tend(id, options, now_s));
  }
}

std::optional<base::Error> Client::refusal() {
  auto incoming = connection_.receive(kWaitTickS);
  if (!incoming || incoming->kind != Incoming::Kind::kMessage) return std::nullopt;
  const base::Json& json = incoming->message.json;
  if (!is_refusal(json)) return std::nullopt;
  return error_from_json(json.value("error", base::Json()));
}

base::Result<std::optional<Message>> Client::take(Incoming incoming, int64_t id,
                                                  const CallOptions& options) {
  if (incoming.kind == Incoming::Kind::kTimeout) return std::nullopt;
  if (incoming.kind == Incoming::Kind::kEnd) {
    return base::fail(protocol_error("the peer closed the connection before its reply"));
  }
  if (incoming.kind == Incoming::Kind::kMalformed) {
    return base::fail(incoming.error.within("reply of the peer"));
  }
  base::Json& json = incoming.message.json;
  if (is_refusal(json)) return base::fail(error_from_json(json.value("error", base::Json())));
  // Replies to heartbeats and to `cancel` have other ids; nobody waits for them.
  if (!json.contains("id") || json["id"] != id) return std::nullopt;
  if (const auto event = json.find("event"); event != json.end() && event->is_string()) {
    base::Event happened{event->get<std::string>(), json};
    happened.fields.erase("id");
    happened.fields.erase("event");
    if (!options.heartbeat_event.empty() && happened.name == options.heartbeat_event) {
      EDGETRAN_TRY(connection_.send({{"id", ++last_id_}, {"verb", options.heartbeat_verb}}));
      return std::nullopt;
    }
    if (options.events != nullptr) options.events->emit(happened);
    return std::nullopt;
  }
  const auto ok = json.find("ok");
  if (ok == json.end() || !ok->is_boolean()) {
    return base::fail(protocol_error("a message of the peer is neither an event nor a reply"));
  }
  replied_ = true;
  if (!ok->get<bool>()) return base::fail(error_from_json(json.value("error", base::Json())));
  for (const char* key : {"id", "ok", "blob_bytes"}) json.erase(key);
  return std::move(incoming.message);
}

base::Status Client::listen(const CallOptions& options, double now_s) {
  // After what has arrived was read: a client that was itself stopped for long loses no peer.
  if (connection_.received_bytes() != heard_bytes_) {
    heard_bytes_ = connection_.received_bytes();
    heard_s_ = now_s;
  }
  if (!options.silence_s) return {};
  const double bound_s = options.silence_s();
  if (now_s - heard_s_ <= bound_s) return {};
  silent_ = true;
  return base::fail(protocol_error(fmt::format("the peer has said nothing for {:g} s", bound_s)));
}

base::Status Client::tend(int64_t id, const CallOptions& options, double now_s) {
  if (options.cancel.urgent()) {
    return base::fail(base::ErrorCategory::kInterrupted, "interrupted while waiting for the peer");
  }
  if (options.cancel.requested() && !cancel_sent_) {
    cancel_sent_ = true;
    EDGETRAN_TRY(connection_.send({{"id", ++last_id_}, {"verb", "cancel"}, {"target", id}}));
  }
  const bool by_time = !options.heartbeat_verb.empty() && options.heartbeat_s > 0;
  if (by_time && now_s >= next_heartbeat_s_) {
    next_heartbeat_s_ = now_s + std::max(options.heartbeat_s, kWaitTickS);
    EDGETRAN_TRY(connection_.send({{"id", ++last_id_}, {"verb", options.heartbeat_verb}}));
  }
  return {};
}

}  // namespace edgetran::wire
