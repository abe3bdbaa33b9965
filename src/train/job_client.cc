#include "train/job_client.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/process.h"
#include "base/version.h"
#include "wire/client.h"
#include "wire/connection.h"

namespace edgetran::train {
namespace {

// How long a worker that closed its line may take to end, and one that is told to go.
constexpr double kReapTimeout_s = 1;
constexpr double kStopGrace_s = 2;

constexpr const char* kWorkerHint =
    "name the program with --worker, or build it: it is part of builds with engines";

base::Result<std::filesystem::path> find_program(const WorkerOptions& options) {
  const auto program =
      options.program.empty() ? base::executable_folder() / "edgetran-worker" : options.program;
  std::error_code ignored;
  if (!std::filesystem::exists(program, ignored)) {
    return base::fail(base::ErrorCategory::kNotFound,
                      fmt::format("the worker program {} does not exist", program.string()),
                      kWorkerHint);
  }
  return program;
}

/// What the way in which the worker ended makes of an error on the line to it.
base::Error explain_end(const base::ExitStatus& status, const base::Error& line_error,
                        const std::filesystem::path& log) {
  using Kind = base::ExitStatus::Kind;
  base::Error error = line_error;
  if (status.kind == Kind::kOutOfMemory) {
    error.category = base::ErrorCategory::kResource;
    error.hint = "use a smaller batch or model, or give the worker more memory";
  } else if (!status.success()) {
    error.category = base::ErrorCategory::kFailed;
    error.hint = log.empty() ? "its messages are above" : "its messages are in " + log.string();
  }
  error.message = status.success() && line_error.category == base::ErrorCategory::kProtocol
                      ? fmt::format("the worker ended before its answer: {}", line_error.message)
                      : fmt::format("the worker {}", status.describe());
  return error;
}

}  // namespace

struct JobClient::Impl {
  base::ChildProcess process;
  wire::Connection connection;
  wire::Client client;
  std::filesystem::path log;
  bool alive = true;

  Impl(base::ChildProcess child, std::filesystem::path log_file)
      : process(std::move(child)),
        connection(process.stdout_descriptor(), process.stdin_descriptor()),
        client(connection),
        log(std::move(log_file)) {}

  /// Ends the process after the line to it broke and says how it ended.
  base::Error give_up(const base::Error& line_error) {
    alive = false;
    if (const auto status = process.wait(kReapTimeout_s)) {
      return explain_end(*status, line_error, log);
    }
    process.stop(kStopGrace_s);
    return line_error;
  }

  /// Ends a process that talks nonsense or is given up on.
  base::Error kill(base::Error reason) {
    alive = false;
    process.stop(0);
    return reason;
  }
};

JobClient::JobClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JobClient::JobClient(JobClient&&) noexcept = default;
JobClient& JobClient::operator=(JobClient&&) noexcept = default;

JobClient::~JobClient() {
  if (impl_ == nullptr || !impl_->alive) return;
  impl_->process.close_stdin();  // an orderly worker leaves at the end of its input
  if (!impl_->process.wait(kStopGrace_s)) impl_->process.stop(kStopGrace_s);
}

base::Result<JobClient> JobClient::start(const WorkerOptions& options) {
  EDGETRAN_ASSIGN(const auto program, find_program(options));
  base::ProcessOptions process;
  process.arguments = {program.string(), "--stdio"};
  process.memory_limit_bytes = options.memory_limit_bytes;
  process.stderr_file = options.log;
  EDGETRAN_ASSIGN(auto child, base::ChildProcess::spawn(process));
  auto impl = std::make_unique<Impl>(std::move(child), options.log);
  wire::Hello self;
  self.program = "edgetran";
  self.version = base::kVersion;
  self.service = "train";
  const auto answer = impl->client.hello(self, options.hello_timeout_s);
  if (!answer) return base::fail(impl->give_up(answer.error()).within(program.string()));
  return JobClient(std::move(impl));
}

bool JobClient::alive() const { return impl_ != nullptr && impl_->alive; }

base::Result<TrainResult> JobClient::run(const TrainJob& job, base::EventSink& sink,
                                         const base::CancelToken& cancel) {
  if (!alive()) {
    return base::fail(base::ErrorCategory::kFailed, "the worker has ended",
                      "start another one for the next job");
  }
  wire::CallOptions options;
  options.events = &sink;
  options.cancel = cancel;
  auto reply = impl_->client.call("run", {{"job", job_json(job)}}, {}, options);
  if (!reply) {
    const base::Error& error = reply.error();
    if (cancel.urgent()) return base::fail(impl_->kill(error));
    return base::fail(error.category == base::ErrorCategory::kProtocol ? impl_->give_up(error)
                                                                       : error);
  }
  auto result = read_result(base::ConfigValue::from_json(reply->json, "reply"));
  if (!result) return base::fail(impl_->kill(result.error()));
  return result;
}

base::Result<TrainResult> run_job(const TrainJob& job, const WorkerOptions& options,
                                  base::EventSink& sink, const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(auto client, JobClient::start(options));
  return client.run(job, sink, cancel);
}

}  // namespace edgetran::train
