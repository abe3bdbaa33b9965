#include "base/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/system_error.h"
#include "base/text.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace edgetran::base {
namespace {

namespace fs = std::filesystem;

enum class Stage : int { kGroup, kFolder, kStderr, kLimits, kStreams, kExec };

/// What a child that could not start writes to its parent.
struct StartFailure {
  Stage stage;
  int code;
};

struct Pipe {
  Descriptor read_end, write_end;
};

/// All that the child needs, made before fork: afterwards only async-signal-safe calls are allowed.
struct Plan {
  std::vector<char*> arguments, environment;
  std::string program, folder, stderr_file;
  int stdin_descriptor = -1, stdout_descriptor = -1, failure_descriptor = -1;
  rlim_t memory_limit = 0, cpu_limit = 0;  // 0: none
  pid_t parent = -1;
};

/// A pipe whose ends are above 2, so that putting them on 0 and 1 never overwrites the other.
Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(system_error("cannot make a pipe for", "a child process", errno));
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  for (Descriptor* end : {&pipe.read_end, &pipe.write_end}) {
    if (end->get() > STDERR_FILENO) continue;
    const int moved = ::fcntl(end->get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0) return fail(system_error("cannot make a pipe for", "a child process", errno));
    *end = Descriptor(moved);
  }
  return pipe;
}

bool is_program(const fs::path& path) {
  std::error_code code;
  return fs::is_regular_file(path, code) && ::access(path.c_str(), X_OK) == 0;
}

/// Absolute path of the program to run.
Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    std::error_code code;
    const fs::path path = fs::absolute(name, code);
    if (!fs::exists(path, code)) {
      return fail(ErrorCategory::kNotFound,
                  fmt::format("program {} does not exist", in_quotes(name)), "check the path");
    }
    if (!is_program(path)) {
      return fail(ErrorCategory::kPermission,
                  fmt::format("{} is not an executable file", in_quotes(name)),
                  "make it executable: chmod +x");
    }
    return path.string();
  }
  const char* variable = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
  const std::string search = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  for (std::string_view folder : split(search, ':')) {
    std::error_code code;
    const fs::path path = fs::absolute(fs::path(folder.empty() ? "." : folder) / name, code);
    if (is_program(path)) return path.string();
  }
  return fail(ErrorCategory::kNotFound,
              fmt::format("program {} was not found in PATH ({})", in_quotes(name), search),
              "install it or name it with its full path");
}

/// The parent's environment with `extra` NAME=value lines in place of its own.
std::vector<char*> merged_environment(const std::vector<std::string>& extra) {
  std::vector<char*> lines;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) {
    const bool replaced = std::any_of(extra.begin(), extra.end(), [&](const std::string& other) {
      return std::strncmp(*line, other.c_str(), other.find('=') + 1) == 0;
    });
    if (!replaced) lines.push_back(*line);
  }
  for (const std::string& line : extra) lines.push_back(const_cast<char*>(line.c_str()));
  lines.push_back(nullptr);
  return lines;
}

Result<Plan> make_plan(const ProcessOptions& options) {
  EDGETRAN_CHECK(!options.arguments.empty(), "a child process needs a program");
  for (const std::string& line : options.environment)
    EDGETRAN_CHECK(line.find('=') != std::string::npos, "environment lines are NAME=value");
  Plan plan;
  EDGETRAN_ASSIGN(plan.program, find_program(options.arguments[0]));
  for (const std::string& argument : options.arguments)
    plan.arguments.push_back(const_cast<char*>(argument.c_str()));
  plan.arguments.push_back(nullptr);
  plan.environment = merged_environment(options.environment);
  plan.folder = options.folder.string();
  std::error_code code;
  if (!options.stderr_file.empty())
    plan.stderr_file = fs::absolute(options.stderr_file, code).string();
  plan.memory_limit = options.memory_limit_bytes;
  if (options.cpu_limit_s > 0)
    plan.cpu_limit = static_cast<rlim_t>(std::ceil(std::fmin(options.cpu_limit_s, 1e9)));
  plan.parent = ::getpid();
  return plan;
}

// ---- In the child, between fork and exec: async-signal-safe calls only, no allocation. ----

[[noreturn]] void give_up(const Plan& plan, Stage stage) {
  const StartFailure failure{stage, errno};
  [[maybe_unused]] const ssize_t written =
      ::write(plan.failure_descriptor, &failure, sizeof failure);
  ::_exit(127);
}

/// An ignored signal and a blocked one stay so over exec; the program starts with neither.
void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  rlimit old{};
  if (::getrlimit(resource, &old) != 0) return false;
  const rlimit limit{std::min(soft, old.rlim_max), std::min(hard, old.rlim_max)};
  return ::setrlimit(resource, &limit) == 0;
}

bool set_limits(const Plan& plan) {
  // A second of grace between SIGXCPU and SIGKILL.
  return (plan.memory_limit == 0 || set_limit(RLIMIT_AS, plan.memory_limit, plan.memory_limit)) &&
         (plan.cpu_limit == 0 || set_limit(RLIMIT_CPU, plan.cpu_limit, plan.cpu_limit + 1));
}

/// The pipes, or nothing to read, become descriptors 0 and 1.
bool connect_streams(const Plan& plan) {
  if (plan.stdin_descriptor >= 0) {
    if (::dup2(plan.stdin_descriptor, STDIN_FILENO) < 0) return false;
  } else {
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (nothing < 0) return false;
    if (nothing != STDIN_FILENO && ::dup2(nothing, STDIN_FILENO) < 0) return false;
    if (nothing > STDERR_FILENO) ::close(nothing);
  }
  return plan.stdout_descriptor < 0 || ::dup2(plan.stdout_descriptor, STDOUT_FILENO) >= 0;
}

bool open_stderr(const Plan& plan) {
  if (plan.stderr_file.empty()) return true;
  const int file = ::open(plan.stderr_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (file < 0) return false;
  if (file == STDERR_FILENO) return true;
  const bool done = ::dup2(file, STDERR_FILENO) >= 0;
  ::close(file);
  return done;
}

/// Descriptors that other code of the parent left open for inheritance do not reach the program.
void close_others_on_exec() {
  if (::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  constexpr int kPlausible = 1024;  // an old kernel: the descriptors a program of ours may have
  for (int i = STDERR_FILENO + 1; i < kPlausible; ++i) ::fcntl(i, F_SETFD, FD_CLOEXEC);
}

[[noreturn]] void become_program(const Plan& plan) {
  reset_signals();
  if (::setpgid(0, 0) != 0) give_up(plan, Stage::kGroup);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(plan, Stage::kGroup);
  if (::getppid() != plan.parent) ::_exit(127);  // the parent died before the line above
  if (!plan.folder.empty() && ::chdir(plan.folder.c_str()) != 0) give_up(plan, Stage::kFolder);
  if (!connect_streams(plan)) give_up(plan, Stage::kStreams);
  if (!open_stderr(plan)) give_up(plan, Stage::kStderr);
  close_others_on_exec();
  if (!set_limits(plan)) give_up(plan, Stage::kLimits);
  ::execve(plan.program.c_str(), plan.arguments.data(), plan.environment.data());
  give_up(plan, Stage::kExec);
}

// ---- In the parent. ----

Error describe(const StartFailure& failure, const Plan& plan) {
  switch (failure.stage) {
    case Stage::kFolder:
      return system_error("cannot start a program in folder", plan.folder, failure.code);
    case Stage::kStderr:
      return system_error("cannot open the file for messages", plan.stderr_file, failure.code);
    case Stage::kLimits:
      return system_error("cannot set the limits of", plan.program, failure.code);
    case Stage::kGroup:
    case Stage::kStreams:
    case Stage::kExec:
      break;
  }
  Error error = system_error("cannot run", plan.program, failure.code);
  if (failure.code == ENOENT)
    error.hint = "the file exists, so the interpreter in its first line is missing";
  return error;
}

/// The failure that the child reports; nullopt when exec closed the pipe.
std::optional<StartFailure> read_failure(int descriptor) {
  StartFailure failure{};
  ssize_t count = 0;
  do {
    count = ::read(descriptor, &failure, sizeof failure);
  } while (count < 0 && errno == EINTR);
  if (count != static_cast<ssize_t>(sizeof failure)) return std::nullopt;
  return failure;
}

void replace_action(int number, sighandler_t old_action, sighandler_t new_action) {
  struct sigaction action {};
  if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler != old_action) return;
  action.sa_handler = new_action;
  ::sigaction(number, &action, nullptr);
}

void prepare_signals() {
  replace_action(SIGPIPE, SIG_DFL, SIG_IGN);
  // Inherited as ignored, SIGCHLD would let the kernel reap our children before we read their end.
  replace_action(SIGCHLD, SIG_IGN, SIG_DFL);
}

/// fork with every signal blocked, so that no handler of the parent runs in the child.
pid_t fork_quietly() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t id = ::fork();
  if (id != 0) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return id;
}

}  // namespace

Result<SpawnedChild> spawn_child(const ProcessOptions& options) {
  EDGETRAN_ASSIGN(Plan plan, make_plan(options));
  EDGETRAN_ASSIGN(Pipe input, options.pipe_stdin ? make_pipe() : Pipe{});
  EDGETRAN_ASSIGN(Pipe output, options.pipe_stdout ? make_pipe() : Pipe{});
  EDGETRAN_ASSIGN(Pipe failure_pipe, make_pipe());
  plan.stdin_descriptor = input.read_end.get();
  plan.stdout_descriptor = output.write_end.get();
  plan.failure_descriptor = failure_pipe.write_end.get();
  prepare_signals();

  const pid_t id = fork_quietly();
  if (id < 0) return fail(system_error("cannot start", plan.program, errno));
  if (id == 0) become_program(plan);

  failure_pipe.write_end.reset();
  if (const auto failure = read_failure(failure_pipe.read_end.get())) {
    ::waitpid(id, nullptr, 0);
    return fail(describe(*failure, plan));
  }
  return SpawnedChild{id, std::move(input.write_end), std::move(output.read_end)};
}

}  // namespace edgetran::base
