#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace edgetran::base {

/// Exit code by which a program of ours says that it ran out of memory (it caught bad_alloc under
/// RLIMIT_AS, say). Below the 126..255 that shells use, and no other program of ours exits so.
inline constexpr int kOutOfMemoryExitCode = 113;

/// How a child ended.
struct ExitStatus {
  enum class Kind { kExited, kSignalled, kOutOfMemory };
  Kind kind = Kind::kExited;
  int code = 0;    ///< exit code (kExited; kOutOfMemory by kOutOfMemoryExitCode)
  int signal = 0;  ///< signal number (kSignalled; kOutOfMemory by the kernel)
  /// Of the child alone. The kernel counts the copy of this process from which the child began:
  /// a figure below this process's size at spawn() is an upper bound.
  uint64_t peak_rss_bytes = 0;
  bool success() const { return kind == Kind::kExited && code == 0; }
  /// "exited with code 3", "killed by signal 11 (SIGSEGV)", "killed: out of memory".
  std::string describe() const;
};

struct ProcessOptions {
  std::vector<std::string> arguments;    ///< arguments[0] is the program, searched in PATH
  std::vector<std::string> environment;  ///< extra NAME=value lines over the parent's
  std::filesystem::path folder;          ///< working folder; empty: the parent's
  uint64_t memory_limit_bytes = 0;       ///< address space (RLIMIT_AS); 0: none
  double cpu_limit_s = 0;                ///< RLIMIT_CPU; 0: none
  bool pipe_stdin = true;                ///< otherwise /dev/null
  bool pipe_stdout = true;               ///< otherwise the parent's
  /// stderr goes here (appended); empty: inherited.
  std::filesystem::path stderr_file;
};

/// A child process in a group of its own that dies with its parent (parent-death signal, and its
/// standard input reaches its end). When it has ended, or is destroyed, the rest of its group is
/// killed. Not thread-safe. A killed parent takes the direct child with it; its grandchildren see
/// the end of their input.
class ChildProcess {
 public:
  /// Returns when the program runs. Not found or not executable: kNotFound, kPermission, with the
  /// place that was looked at. The calling thread must outlive the child: the kernel ties the
  /// parent-death signal to it. SIGPIPE, where it still has its default action, is ignored in this
  /// process from then on, so that writing to a dead child is an error (EPIPE) and not an end.
  static Result<ChildProcess> spawn(const ProcessOptions& options);
  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  ~ChildProcess();

  pid_t id() const;
  /// Descriptors of the parent's ends; -1 where not piped. Owned by this object.
  int stdin_descriptor() const;
  int stdout_descriptor() const;
  void close_stdin();

  /// Exit status if it has ended; nullopt while it runs.
  std::optional<ExitStatus> poll();
  /// Waits up to `timeout_s`; nullopt on time-out.
  std::optional<ExitStatus> wait(double timeout_s);
  /// SIGTERM to the group, SIGKILL after `grace_s`, then reaps. Safe to call again.
  ExitStatus stop(double grace_s = 2.0);

 private:
  struct Impl;
  explicit ChildProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Peak resident set of this process in bytes (VmHWM).
uint64_t peak_rss_bytes();

/// Folder of the running executable.
std::filesystem::path executable_folder();

}  // namespace edgetran::base
