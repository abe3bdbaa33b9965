#include "profile/runtimes/program/program_client.h"

#include <fmt/core.h>

#include <utility>

#include "base/version.h"

namespace edgetran::profile::program {

namespace {

using base::ErrorCategory;

constexpr double kEndGraceS = 1;
/// Outputs of a batch of long rows, and models, travel as blobs.
constexpr uint64_t kBlobBytes = uint64_t{1} << 30;
/// Loading an engine's libraries from a slow card.
constexpr double kStartS = 60;

}  // namespace

ProgramClient::ProgramClient(ProgramOptions options, base::ChildProcess child)
    : options_(std::move(options)),
      child_(std::move(child)),
      connection_(child_.stdout_descriptor(), child_.stdin_descriptor(),
                  {.limits = {.blob_bytes = kBlobBytes}, .send_timeout_s = 30}),
      client_(connection_) {}

ProgramClient::~ProgramClient() {
  child_.close_stdin();
  if (!child_.wait(kEndGraceS)) child_.stop(0);
}

base::Result<std::unique_ptr<ProgramClient>> ProgramClient::start(const ProgramOptions& options) {
  base::ProcessOptions process;
  process.arguments = options.command;
  process.arguments[0] = find_beside(process.arguments[0], base::executable_folder());
  process.stderr_file = options.log;
  auto child = base::ChildProcess::spawn(process);
  if (!child) {
    return base::fail(
        ErrorCategory::kDevice,
        fmt::format("the runtime {} cannot be started: {}", options.name, child.error().message),
        child.error().hint);
  }
  std::unique_ptr<ProgramClient> client(new ProgramClient(options, std::move(*child)));
  const auto hello = client->client_.hello({.program = "edgetran-agent",
                                            .version = base::kVersion,
                                            .service = "runtime",
                                            .capabilities = {}},
                                           kStartS);
  if (!hello) return base::fail(client->vanished(hello.error()));
  return client;
}

base::Result<wire::Message> ProgramClient::call(const std::string& verb, const base::Json& fields,
                                                std::string_view blob, double limit_s,
                                                const base::CancelToken& cancel) {
  wire::CallOptions options;
  options.timeout_s = limit_s;
  options.cancel = cancel;
  auto reply = client_.call(verb, fields, blob, options);
  if (!reply && reply.error().category == ErrorCategory::kProtocol) {
    return base::fail(vanished(reply.error()));
  }
  return reply;
}

base::Error ProgramClient::vanished(const base::Error& error) {
  const auto status = child_.wait(kEndGraceS);
  const bool no_memory = status && status->kind == base::ExitStatus::Kind::kOutOfMemory;
  if (no_memory) {
    return {ErrorCategory::kResource,
            fmt::format("the program of the runtime {} ran out of memory", options_.name),
            "use a smaller model, batch or length, or give the board more memory"};
  }
  return {ErrorCategory::kDevice,
          fmt::format("the program of the runtime {} does not answer: {}{}", options_.name,
                      error.message,
                      status ? fmt::format(" (it {})", status->describe()) : std::string()),
          "start it alone and read what it says: " + fmt::format("{}", options_.command[0])};
}

}  // namespace edgetran::profile::program
