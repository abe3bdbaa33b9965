// edgetran-worker: trains, evaluates and runs encoders for another program, which talks to it over
// its standard streams (docs/protocol.md): for edgetran, or as a runtime for edgetran-agent.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "base/version.h"
#include "train/torch/worker.h"
#include "wire/connection.h"
#include "wire/service.h"

namespace {

constexpr const char* kUsage =
    "usage: edgetran-worker --stdio [--service train|runtime] | --version | --help\n"
    "\n"
    "libtorch as a service that speaks the framed protocol of docs/protocol.md on its standard\n"
    "input and output; messages go to standard error.\n"
    "  train     trains, evaluates and infers; edgetran starts it (the default)\n"
    "  runtime   runs a model that is measured; edgetran-agent starts it:\n"
    "            edgetran-agent --stdio --runtime 'libtorch=edgetran-worker --service runtime'\n"
    "--service alone means --stdio too.\n";

/// Models and inputs come to a runtime as blobs, of the agent's size at most; a job's are files.
constexpr uint64_t kRuntimeBlobBytes = uint64_t{1} << 30;

enum class Request { kTrain, kRuntime, kVersion, kHelp };

/// The words of the command line as one request; nullopt where they are none.
std::optional<Request> read_request(const std::vector<std::string_view>& words) {
  if (words.size() == 1 && words[0] == "--version") return Request::kVersion;
  if (words.size() == 1 && words[0] == "--help") return Request::kHelp;
  std::optional<Request> request;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--stdio") {
      request = request.value_or(Request::kTrain);
    } else if (words[i] == "--service" && i + 1 < words.size()) {
      ++i;
      if (words[i] != "train" && words[i] != "runtime") return std::nullopt;
      request = words[i] == "train" ? Request::kTrain : Request::kRuntime;
    } else {
      return std::nullopt;
    }
  }
  return request;
}

int serve_stdio(Request request) {
  namespace engine = edgetran::train::torch_engine;
  engine::prepare_process();
  // A library that prints must not break the frames: they go to a private copy of standard output,
  // and the descriptor itself now leads to standard error.
  const int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (output < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    fmt::print(stderr, "edgetran-worker: standard output cannot be used\n");
    return edgetran::base::exit_code(edgetran::base::ErrorCategory::kResource);
  }
  edgetran::wire::ConnectionOptions options;
  if (request == Request::kRuntime) options.limits.blob_bytes = kRuntimeBlobBytes;
  edgetran::wire::Connection connection(STDIN_FILENO, output, options);
  const auto service =
      request == Request::kRuntime ? engine::make_runtime_service() : engine::make_service();
  const auto status = edgetran::wire::serve(connection, service);
  if (status) return 0;
  fmt::print(stderr, "edgetran-worker: {}\n", status.error().message);
  return edgetran::base::exit_code(status.error().category);
}

}  // namespace

int main(int count, char** arguments) {
  const auto request = read_request({arguments + 1, arguments + count});
  if (!request) {
    fmt::print(stderr, "{}", kUsage);
    return edgetran::base::exit_code(edgetran::base::ErrorCategory::kUsage);
  }
  if (*request == Request::kVersion) {
    fmt::print("edgetran-worker {} (libtorch {})\n", edgetran::base::kVersion,
               edgetran::train::torch_engine::engine_version());
    return 0;
  }
  if (*request == Request::kHelp) {
    fmt::print("{}", kUsage);
    return 0;
  }
  return serve_stdio(*request);
}
