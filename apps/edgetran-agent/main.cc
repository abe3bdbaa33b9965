// edgetran-agent: lives on the board, runs a model and measures it. Speaks docs/protocol.md on its
// standard streams and nothing else.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/version.h"
#include "profile/agent.h"
#include "profile/runtimes/program/program_runtime.h"
#include "profile/runtimes/simulated/simulated_runtime.h"
#include "wire/service.h"
#ifdef EDGETRAN_WITH_OPENVINO
#include "profile/runtimes/openvino/openvino_runtime.h"
#endif

namespace {

using edgetran::base::ErrorCategory;
using edgetran::base::LogLevel;

/// Where all agents of this user on this machine meet for the exclusive lease.
std::filesystem::path default_lock_file() {
  const char* runtime_folder = std::getenv("XDG_RUNTIME_DIR");
  const std::filesystem::path folder = runtime_folder != nullptr && *runtime_folder != '\0'
                                           ? std::filesystem::path(runtime_folder)
                                           : std::filesystem::temp_directory_path();
  return folder / ("edgetran-agent-" + std::to_string(::geteuid()) + ".lock");
}

using Runtimes = std::vector<std::unique_ptr<edgetran::profile::RuntimeFactory>>;

/// Those of this build, and the programs of the command line, whose names must be new.
edgetran::base::Result<Runtimes> runtimes(const std::vector<std::string>& programs) {
  Runtimes list;
#ifdef EDGETRAN_WITH_OPENVINO
  list.push_back(edgetran::profile::openvino::make_factory());
#else
  list.push_back(edgetran::profile::unavailable_runtime(
      "openvino", "this agent was built without OpenVINO",
      "build it with -DEDGETRAN_ENGINES=ON, or choose a simulated board"));
#endif
  list.push_back(edgetran::profile::simulated::make_factory());
  std::set<std::string> names = {"openvino", "simulated"};
  for (const std::string& text : programs) {
    EDGETRAN_ASSIGN(auto program, edgetran::profile::program::read_program(text));
    if (!names.insert(program.name).second) {
      return edgetran::base::fail(ErrorCategory::kUsage,
                                  "there are two runtimes \"" + program.name + "\"");
    }
    list.push_back(edgetran::profile::program::make_factory(std::move(program)));
  }
  return list;
}

void limit(int resource, rlim_t value) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) return;
  if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value) value = now.rlim_max;
  const rlimit wanted{value, now.rlim_max};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &wanted);
}

/// What comes over the wire may at worst end this process: no new privileges, no core files with
/// a user's model in them, few files, bounded memory.
void confine(uint64_t memory_limit_bytes) {
  constexpr rlim_t kOpenFiles = 256;
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, kOpenFiles);
  if (memory_limit_bytes > 0) limit(RLIMIT_AS, memory_limit_bytes);
}

/// The protocol gets descriptors of its own; whatever a library prints goes to stderr, and nothing
/// reads from the stream of messages.
struct Streams {
  int in = -1;
  int out = -1;
};
Streams take_streams() {
  const Streams streams{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3),
                        ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::close(nothing);
  return streams;
}

/// The error on stderr as a line of the log; its exit code.
int failed(const edgetran::base::Error& error) {
  const std::string text = error.hint.empty() ? error.message : error.message + "; " + error.hint;
  edgetran::base::Logger("edgetran-agent", LogLevel::kError).write(LogLevel::kError, text);
  return edgetran::base::exit_code(error.category);
}

int serve(uint64_t memory_limit_bytes, const std::filesystem::path& lock_file,
          const std::vector<std::string>& programs) {
  auto list = runtimes(programs);
  if (!list) return failed(list.error());
  confine(memory_limit_bytes);
  const Streams streams = take_streams();
  edgetran::base::SystemClock clock;
  edgetran::profile::AgentOptions options;
  options.runtimes = std::move(*list);
  options.lock_file = lock_file;
  edgetran::wire::ConnectionOptions connection_options;
  connection_options.limits.blob_bytes = options.model_bytes;
  edgetran::profile::Agent agent(std::move(options), clock);
  edgetran::wire::Connection connection(streams.in, streams.out, connection_options);
  const auto status = edgetran::wire::serve(connection, agent.service());
  return status ? 0 : failed(status.error());
}

int run(int argc, char** argv) {
  CLI::App app(
      "EdgeTran's agent: runs and measures models on this board, for a client that speaks\n"
      "docs/protocol.md on the standard streams.");
  app.set_version_flag("--version", std::string("edgetran-agent ") + edgetran::base::kVersion);
  bool stdio = false;
  uint64_t memory_limit_bytes = 0;
  std::filesystem::path lock_file = default_lock_file();
  app.add_flag("--stdio", stdio, "Serve one client on standard input and output")->required();
  app.add_option("--memory-limit", memory_limit_bytes,
                 "Largest address space in bytes; 0: no limit");
  app.add_option("--lock-file", lock_file,
                 "File by which agents on this machine take turns in measuring")
      ->capture_default_str();
  std::vector<std::string> programs;
  app.add_option(
         "--runtime", programs,
         "NAME=COMMAND: a program that runs models (docs/protocol.md, \"Runtime\"); may be\n"
         "given several times")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : edgetran::base::exit_code(ErrorCategory::kUsage);
  }
  return serve(memory_limit_bytes, lock_file, programs);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "edgetran-agent: %s\n", error.what());
    return edgetran::base::exit_code(ErrorCategory::kFailed);
  }
}
