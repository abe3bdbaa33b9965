// edgetran-worker: trains, evaluates and runs encoders for another program, which talks to it over
// its standard streams (docs/protocol.md).

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "base/version.h"
#include "train/torch/worker.h"
#include "wire/connection.h"
#include "wire/service.h"

namespace {

constexpr const char* kUsage =
    "usage: edgetran-worker --stdio | --version | --help\n"
    "\n"
    "The training service of edgetran. It is started by edgetran and speaks the framed protocol\n"
    "of docs/protocol.md on its standard input and output; messages go to standard error.\n";

int serve_stdio() {
  namespace engine = edgetran::train::torch_engine;
  engine::prepare_process();
  // A library that prints must not break the frames: they go to a private copy of standard output,
  // and the descriptor itself now leads to standard error.
  const int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (output < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    fmt::print(stderr, "edgetran-worker: standard output cannot be used\n");
    return edgetran::base::exit_code(edgetran::base::ErrorCategory::kResource);
  }
  edgetran::wire::Connection connection(STDIN_FILENO, output);
  const auto status = edgetran::wire::serve(connection, engine::make_service());
  if (status) return 0;
  fmt::print(stderr, "edgetran-worker: {}\n", status.error().message);
  return edgetran::base::exit_code(status.error().category);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view argument = count == 2 ? arguments[1] : "";
  if (argument == "--stdio") return serve_stdio();
  if (argument == "--version") {
    fmt::print("edgetran-worker {} (libtorch {})\n", edgetran::base::kVersion,
               edgetran::train::torch_engine::engine_version());
    return 0;
  }
  if (argument == "--help") {
    fmt::print("{}", kUsage);
    return 0;
  }
  fmt::print(stderr, "{}", kUsage);
  return edgetran::base::exit_code(edgetran::base::ErrorCategory::kUsage);
}
