#include "base/process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/files.h"
#include "base/oom_counter.h"
#include "base/spawn.h"
#include "base/text.h"

namespace edgetran::base {
namespace {

constexpr double kLongestPoll_s = 3600;    // poll() counts milliseconds in an int
constexpr double kPollInterval_s = 0.005;  // where the kernel has no process descriptors

/// Blocks until the process has ended (without reaping it) or the deadline.
void wait_for_end(int process_descriptor, SystemClock& clock, double deadline_s) {
  const double left = std::clamp(deadline_s - clock.now_s(), 0.0, kLongestPoll_s);
  if (process_descriptor < 0) {
    clock.sleep_until(clock.now_s() + std::min(left, kPollInterval_s));
    return;
  }
  pollfd waited{process_descriptor, POLLIN, 0};
  ::poll(&waited, 1, static_cast<int>(std::ceil(left * 1e3)));
}

ExitStatus make_status(int status, const rusage& usage, bool memory_ran_out) {
  ExitStatus exit;
  exit.peak_rss_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
    exit.kind = exit.signal == SIGKILL && memory_ran_out ? ExitStatus::Kind::kOutOfMemory
                                                         : ExitStatus::Kind::kSignalled;
  } else {
    exit.code = WEXITSTATUS(status);
    if (exit.code == kOutOfMemoryExitCode) exit.kind = ExitStatus::Kind::kOutOfMemory;
  }
  return exit;
}

}  // namespace

std::string ExitStatus::describe() const {
  switch (kind) {
    case Kind::kExited:
      return fmt::format("exited with code {}", code);
    case Kind::kOutOfMemory:
      return "killed: out of memory";
    case Kind::kSignalled:
      break;
  }
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("killed by signal {} (SIG{})", signal, name)
                         : fmt::format("killed by signal {}", signal);
}

struct ChildProcess::Impl {
  SpawnedChild child;
  Descriptor process;  // pidfd: readable when the child has ended
  uint64_t oom_kills_before = 0;
  bool killed_by_us = false;
  std::optional<ExitStatus> status;
  SystemClock clock;

  bool has_ended() const {
    siginfo_t info{};
    int result = 0;
    // WNOWAIT leaves the dead child in place, so that its group's number cannot be reused yet.
    do {
      result = ::waitid(P_PID, static_cast<id_t>(child.id), &info, WEXITED | WNOHANG | WNOWAIT);
    } while (result != 0 && errno == EINTR);
    return result != 0 || info.si_pid != 0;
  }

  void signal_group(int number) const { ::kill(-child.id, number); }

  void reap() {
    signal_group(SIGKILL);  // what the child leaves behind
    int raw = 0;
    rusage usage{};
    pid_t result = 0;
    do {
      result = ::wait4(child.id, &raw, 0, &usage);
    } while (result < 0 && errno == EINTR);
    EDGETRAN_CHECK(result == child.id, "a child process was reaped by other code");
    status = make_status(raw, usage, !killed_by_us && oom_kill_count() > oom_kills_before);
    process.reset();
  }

  ~Impl() {
    if (status) return;
    signal_group(SIGKILL);
    reap();
  }
};

ChildProcess::ChildProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;
ChildProcess& ChildProcess::operator=(ChildProcess&&) noexcept = default;
ChildProcess::~ChildProcess() = default;

Result<ChildProcess> ChildProcess::spawn(const ProcessOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->oom_kills_before = oom_kill_count();
  auto child = spawn_child(options);
  if (!child) {
    impl->status.emplace();  // nothing to reap
    return fail(std::move(child).error());
  }
  impl->child = std::move(*child);
#ifdef SYS_pidfd_open
  impl->process = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, impl->child.id, 0)));
#endif
  return ChildProcess(std::move(impl));
}

pid_t ChildProcess::id() const { return impl_->child.id; }
int ChildProcess::stdin_descriptor() const { return impl_->child.stdin_end.get(); }
int ChildProcess::stdout_descriptor() const { return impl_->child.stdout_end.get(); }
void ChildProcess::close_stdin() { impl_->child.stdin_end.reset(); }

std::optional<ExitStatus> ChildProcess::poll() {
  if (!impl_->status && impl_->has_ended()) impl_->reap();
  return impl_->status;
}

std::optional<ExitStatus> ChildProcess::wait(double timeout_s) {
  const double deadline_s = impl_->clock.now_s() + timeout_s;
  while (!poll()) {
    if (impl_->clock.now_s() >= deadline_s) return std::nullopt;
    wait_for_end(impl_->process.get(), impl_->clock, deadline_s);
  }
  return impl_->status;
}

ExitStatus ChildProcess::stop(double grace_s) {
  if (poll()) return *impl_->status;
  impl_->signal_group(SIGTERM);
  if (!wait(grace_s)) {
    impl_->killed_by_us = true;
    impl_->signal_group(SIGKILL);
    impl_->reap();
  }
  return *impl_->status;
}

uint64_t peak_rss_bytes() {
  const std::string text = read_file("/proc/self/status", 1 << 20).value_or("");
  constexpr std::string_view kKey = "VmHWM:";
  for (std::string_view line : split(text, '\n')) {
    if (!line.starts_with(kKey)) continue;
    const std::string_view digits = trim(line.substr(kKey.size()));
    uint64_t kibibytes = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), kibibytes);
    return kibibytes * 1024;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

std::filesystem::path executable_folder() {
  std::error_code code;
  return std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
}

}  // namespace edgetran::base
