#include "device/agent_client.h"

#include <fmt/core.h>

#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "base/version.h"
#include "device/silence.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;
using base::Json;

constexpr double kHeartbeat_s = kLease_s / 3;
/// Verbs that only look something up.
constexpr double kShortCall_s = 60;
/// What the slowest way to a board carries: a poor wireless link. Only bounds waiting.
constexpr double kSlowestBytesPer_s = 1e5;
constexpr double kLeaseRetry_s = 0.1;
/// The quickest of so many round trips is close to what the way allows.
constexpr int kRoundTrips = 8;
/// What measures nothing answers heartbeats; six of them without an answer are no accident.
constexpr double kDeaf_s = 2 * kLease_s;

wire::CallOptions short_call(const base::CancelToken& cancel, uint64_t bytes = 0) {
  wire::CallOptions options;
  options.timeout_s = kShortCall_s + static_cast<double>(bytes) / kSlowestBytesPer_s;
  options.cancel = cancel;
  return options;
}

/// Passes events on, and lets the bound of silence learn from them.
class Heard final : public base::EventSink {
 public:
  Heard(base::EventSink& others, Silence& silence) : others_(others), silence_(silence) {}
  void emit(const base::Event& event) override {
    silence_.heard(event, base::SystemClock().now_s());
    others_.emit(event);
  }

 private:
  base::EventSink& others_;
  Silence& silence_;
};

}  // namespace

AgentClient::AgentClient(std::unique_ptr<AgentTransport> transport, AgentClientOptions options)
    : options_(std::move(options)),
      transport_(std::move(transport)),
      client_(transport_->connection()) {}

AgentClient::Opened AgentClient::open(std::unique_ptr<AgentTransport> transport,
                                      const AgentClientOptions& options,
                                      const base::CancelToken& cancel) {
  std::unique_ptr<AgentClient> client(new AgentClient(std::move(transport), options));
  if (auto end = client->greet(cancel)) return tl::unexpected<TransportEnd>(std::move(*end));
  return client;
}

std::optional<TransportEnd> AgentClient::greet(const base::CancelToken& cancel) {
  const wire::Hello self{
      .program = "edgetran", .version = base::kVersion, .service = "agent", .capabilities = {}};
  wire::CallOptions options;
  options.timeout_s = transport_->hello_timeout_s();
  options.cancel = cancel;
  const auto final = [&](base::Error error) {
    error.category = error.category == ErrorCategory::kInterrupted ? ErrorCategory::kInterrupted
                                                                   : ErrorCategory::kDevice;
    return TransportEnd{TransportEnd::Kind::kFinal,
                        error.within(fmt::format("the agent of the board \"{}\"", options_.board))};
  };
  auto reply = client_.call("hello", wire::hello_json(self), {}, options);
  if (!reply) {
    base::Error error = std::move(reply).error();
    const bool given_up = error.category == ErrorCategory::kInterrupted;
    if (client_.replied() || given_up) return final(std::move(error));
    return transport_->end(error.within("the agent does not answer"));
  }
  auto theirs = wire::read_hello(reply->json);
  if (!theirs) return final(std::move(theirs).error());
  if (auto common = wire::negotiate(self, *theirs); !common) return final(common.error());
  about_ = std::move(*theirs);
  return std::nullopt;
}

base::Status AgentClient::lease(const base::CancelToken& cancel) {
  base::SystemClock clock;
  const double deadline_s = clock.now_s() + options_.lease_wait_s;
  while (true) {
    auto reply = client_.call("lease", {{"seconds", kLease_s}, {"exclusive", options_.exclusive}},
                              {}, short_call(cancel));
    if (reply) return {};
    const bool held = reply.error().category == ErrorCategory::kResource;
    if (!held || clock.now_s() >= deadline_s) {
      return base::fail(std::move(reply).error().within("the board is not free"));
    }
    if (cancel.requested()) {
      return base::fail(ErrorCategory::kInterrupted, "interrupted while waiting for the board");
    }
    clock.sleep_until(clock.now_s() + kLeaseRetry_s);
  }
}

base::Result<std::optional<ClockReading>> AgentClient::clock_reading(
    const base::CancelToken& cancel) {
  const base::SystemClock clock;
  std::vector<RoundTrip> trips;
  for (int i = 0; i < kRoundTrips; ++i) {
    RoundTrip trip;
    trip.asked_s = clock.now_s();
    EDGETRAN_ASSIGN(const auto reply,
                    client_.call("lease", Json::object(), {}, short_call(cancel)));
    trip.answered_s = clock.now_s();
    const auto peer = reply.json.find("clock_s");
    if (peer == reply.json.end() || !peer->is_number()) return std::nullopt;
    trip.peer_s = peer->get<double>();
    trips.push_back(trip);
  }
  return read_offset(trips);
}

base::Result<Json> AgentClient::capabilities(const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(auto reply, client_.call("capabilities", Json::object(), {}, short_call(cancel)));
  return std::move(reply.json);
}

base::Status AgentClient::put(std::string_view model, const std::string& sha256,
                              const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(const auto asked,
                  client_.call("put", {{"sha256", sha256}}, {}, short_call(cancel)));
  if (asked.json.value("present", false)) return {};
  return client_.call("put", {{"sha256", sha256}}, model, short_call(cancel, model.size()))
      .map([](const auto&) {});
}

base::Result<Json> AgentClient::measure(const Json& fields, std::string_view blob,
                                        base::EventSink& events, const base::CancelToken& cancel) {
  Silence silence(fields.value("profile", std::string()));
  Heard heard(events, silence);
  const bool by_time = fields.value("mode", std::string()) != "latency";
  wire::CallOptions options;
  options.events = &heard;
  options.cancel = cancel;
  options.heartbeat_verb = "lease";
  // Nothing is sent inside a measured window: the agent says between two of them when it wants the
  // lease renewed. What measures nothing is told by time.
  options.heartbeat_event = "renew";
  if (by_time) options.heartbeat_s = kHeartbeat_s;
  options.silence_s = [&] {
    if (options_.silence_s > 0) return options_.silence_s;
    return by_time ? kDeaf_s : silence.bound_s();
  };
  auto reply = client_.call("measure", fields, blob, options);
  if (!reply && client_.silent()) {
    hung_ = true;
    abort();
  }
  return std::move(reply).map([](wire::Message message) { return std::move(message.json); });
}

TransportEnd AgentClient::end(const base::Error& seen) {
  if (!hung_) return transport_->end(seen);
  // How the way ended was our own doing. Hung once is like died once: another agent may do better.
  return {TransportEnd::Kind::kAgent,
          {ErrorCategory::kDevice,
           fmt::format("the agent of the board \"{}\" hangs: {}", options_.board, seen.message),
           "look at its process there: is it stopped, or out of memory? where it is to be waited "
           "for, measure a smaller model"}};
}

base::Result<std::string> AgentClient::fetch(const std::string& sha256, uint64_t bytes,
                                             const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(auto reply,
                  client_.call("fetch", {{"sha256", sha256}}, {}, short_call(cancel, bytes)));
  if (base::sha256_hex(reply.blob) != sha256) {
    return base::fail(ErrorCategory::kCorrupt, "the fetched bytes are not those that were named");
  }
  return std::move(reply.blob);
}

void AgentClient::abort() {
  aborted_ = true;
  transport_->abort();
}

}  // namespace edgetran::device
