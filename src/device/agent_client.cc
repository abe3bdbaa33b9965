#include "device/agent_client.h"

#include <fmt/core.h>

#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "base/version.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;
using base::Json;

/// Long enough for any single measurement's quiet phases; renewed at a third.
constexpr double kLeaseS = 60;
constexpr double kHeartbeatS = kLeaseS / 3;
/// Verbs that only look something up, or copy at worst a gigabyte.
constexpr double kShortCallS = 60;
constexpr double kLeaseRetryS = 0.1;
constexpr double kEndGraceS = 1;

}  // namespace

AgentClient::AgentClient(const AgentClientOptions& options, base::ChildProcess child)
    : options_(options),
      child_(std::move(child)),
      connection_(child_.stdout_descriptor(), child_.stdin_descriptor(),
                  {.limits = {.blob_bytes = uint64_t{1} << 30}, .send_timeout_s = 30}),
      client_(connection_) {}

AgentClient::~AgentClient() {
  // The end of its input is the agent's sign to go; one that does not is killed.
  child_.close_stdin();
  if (!child_.wait(kEndGraceS)) child_.stop(0);
}

base::Result<std::unique_ptr<AgentClient>> AgentClient::start(const AgentClientOptions& options) {
  base::ProcessOptions process;
  process.arguments = {options.program.string(), "--stdio"};
  process.stderr_file = options.log;
  auto child = base::ChildProcess::spawn(process);
  if (!child) {
    return base::fail(ErrorCategory::kDevice,
                      fmt::format("the agent {} cannot be started: {}", options.program.string(),
                                  child.error().message),
                      "build edgetran-agent, or say where it is");
  }
  std::unique_ptr<AgentClient> client(new AgentClient(options, std::move(*child)));
  const auto hello = client->client_.hello(
      {.program = "edgetran", .version = base::kVersion, .service = "agent", .capabilities = {}});
  if (!hello) {
    return base::fail(hello.error().category,
                      fmt::format("the agent {} does not answer: {}{}", options.program.string(),
                                  hello.error().message, client->end_reason()),
                      hello.error().hint);
  }
  return client;
}

base::Status AgentClient::lease(const base::CancelToken& cancel) {
  base::SystemClock clock;
  const double deadline_s = clock.now_s() + options_.lease_wait_s;
  wire::CallOptions options;
  options.timeout_s = kShortCallS;
  options.cancel = cancel;
  while (true) {
    auto reply = client_.call("lease", {{"seconds", kLeaseS}, {"exclusive", options_.exclusive}},
                              {}, options);
    if (reply) return {};
    const bool held = reply.error().category == ErrorCategory::kResource;
    if (!held || clock.now_s() >= deadline_s) {
      return base::fail(std::move(reply).error().within("the board is not free"));
    }
    if (cancel.requested()) {
      return base::fail(ErrorCategory::kInterrupted, "interrupted while waiting for the board");
    }
    clock.sleep_until(clock.now_s() + kLeaseRetryS);
  }
}

base::Result<Json> AgentClient::capabilities(const base::CancelToken& cancel) {
  wire::CallOptions options;
  options.timeout_s = kShortCallS;
  options.cancel = cancel;
  EDGETRAN_ASSIGN(auto reply, client_.call("capabilities", Json::object(), {}, options));
  return std::move(reply.json);
}

base::Status AgentClient::put(std::string_view model, const std::string& sha256,
                              const base::CancelToken& cancel) {
  wire::CallOptions options;
  options.timeout_s = kShortCallS;
  options.cancel = cancel;
  EDGETRAN_ASSIGN(const auto asked, client_.call("put", {{"sha256", sha256}}, {}, options));
  if (asked.json.value("present", false)) return {};
  return client_.call("put", {{"sha256", sha256}}, model, options).map([](const auto&) {});
}

base::Result<Json> AgentClient::measure(const Json& fields, std::string_view blob,
                                        base::EventSink& events, const base::CancelToken& cancel) {
  wire::CallOptions options;
  options.events = &events;
  options.cancel = cancel;
  options.heartbeat_verb = "lease";
  options.heartbeat_s = kHeartbeatS;
  EDGETRAN_ASSIGN(auto reply, client_.call("measure", fields, blob, options));
  return std::move(reply.json);
}

base::Result<std::string> AgentClient::fetch(const std::string& sha256,
                                             const base::CancelToken& cancel) {
  wire::CallOptions options;
  options.timeout_s = kShortCallS;
  options.cancel = cancel;
  EDGETRAN_ASSIGN(auto reply, client_.call("fetch", {{"sha256", sha256}}, {}, options));
  if (base::sha256_hex(reply.blob) != sha256) {
    return base::fail(ErrorCategory::kCorrupt, "the fetched bytes are not those that were named");
  }
  return std::move(reply.blob);
}

std::string AgentClient::end_reason() {
  // A peer that vanished is about to be reapable; a short wait tells why.
  const auto status = child_.wait(kEndGraceS);
  return status ? fmt::format(" (it {})", status->describe()) : std::string();
}

}  // namespace edgetran::device
