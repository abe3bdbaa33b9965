#include "service/doctor/service_program.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"

namespace edgetran::service {

namespace {

constexpr double kEndGrace_s = 1;
constexpr uint64_t kMessageBytes = uint64_t{1} << 16;
constexpr const char* kMessages = "messages";

base::ProcessOptions process_options(const std::filesystem::path& program,
                                     const std::filesystem::path& folder) {
  base::ProcessOptions options;
  options.arguments = {program.string(), "--stdio"};
  options.stderr_file = folder / kMessages;
  return options;
}

/// The last line with something in it: that is where programs say why they end.
std::string last_line(const std::filesystem::path& file) {
  const std::string text = base::read_file(file, kMessageBytes).value_or("");
  const std::string_view end = base::trim(text);
  const size_t before = end.rfind('\n');
  return std::string(before == std::string_view::npos ? end : end.substr(before + 1));
}

}  // namespace

ServiceProgram::ServiceProgram(base::TemporaryFolder folder, base::ChildProcess child,
                               double limit_s)
    : folder_(std::move(folder)),
      child_(std::move(child)),
      limit_s_(limit_s),
      connection_(child_.stdout_descriptor(), child_.stdin_descriptor(),
                  {.limits = {}, .send_timeout_s = limit_s}),
      client_(connection_) {}

ServiceProgram::~ServiceProgram() {
  child_.close_stdin();  // the sign to go
  if (!child_.wait(kEndGrace_s)) child_.stop(0);
}

base::Result<std::unique_ptr<ServiceProgram>> ServiceProgram::start(
    const std::filesystem::path& program, const std::string& service, double limit_s) {
  EDGETRAN_ASSIGN(auto folder, base::TemporaryFolder::create("edgetran-doctor"));
  EDGETRAN_ASSIGN(auto child, base::ChildProcess::spawn(process_options(program, folder.path())));
  std::unique_ptr<ServiceProgram> started(
      new ServiceProgram(std::move(folder), std::move(child), limit_s));
  base::SystemClock clock;
  const double start_s = clock.now_s();
  wire::Hello self;
  self.program = "edgetran";
  self.version = base::kVersion;
  self.service = service;
  auto hello = started->client_.hello(self, limit_s);
  if (!hello) return base::fail(started->explain(std::move(hello).error()));
  started->hello_ = std::move(*hello);
  started->answered_in_s_ = clock.now_s() - start_s;
  return started;
}

base::Result<base::Json> ServiceProgram::ask(const std::string& verb, const base::Json& fields) {
  wire::CallOptions options;
  options.timeout_s = limit_s_;
  auto reply = client_.call(verb, fields, {}, options);
  if (!reply) return base::fail(explain(std::move(reply).error()));
  return std::move(reply->json);
}

/// What the way in which it ended makes of an error on the line to it. An error that it answered
/// with stays as it is.
base::Error ServiceProgram::explain(base::Error error) {
  if (error.category != base::ErrorCategory::kProtocol) return error;
  if (const auto end = child_.wait(kEndGrace_s)) {
    const std::string said = last_line(folder_.path() / kMessages);
    error.message = said.empty() ? end->describe() : fmt::format("{}: {}", end->describe(), said);
  }
  return error;
}

}  // namespace edgetran::service
