#include "base/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/descriptor.h"
#include "base/files.h"

namespace edgetran::base {
namespace {

using ::testing::HasSubstr;
using Kind = ExitStatus::Kind;

constexpr double kPatience_s = 20;  // far more than anything here takes

ProcessOptions shell(const std::string& script) {
  ProcessOptions options;
  options.arguments = {"sh", "-c", script};
  return options;
}

std::string read_line(int descriptor) {
  std::string line;
  char c = 0;
  while (::read(descriptor, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::string first_line_of(const ProcessOptions& options) {
  const ChildProcess child = ChildProcess::spawn(options).value();
  return read_line(child.stdout_descriptor());
}

ExitStatus end_of(const ProcessOptions& options) {
  ChildProcess child = ChildProcess::spawn(options).value();
  return child.wait(kPatience_s).value();
}

/// Watches a process that need not be a child of ours.
class Watch {
 public:
  explicit Watch(pid_t id) : descriptor_(static_cast<int>(::syscall(SYS_pidfd_open, id, 0))) {}
  bool valid() const { return descriptor_.valid(); }
  /// Whether the process ends in the next seconds.
  bool ends() const { return wait(static_cast<int>(kPatience_s * 1e3)); }
  bool has_ended() const { return wait(0); }

 private:
  bool wait(int timeout_ms) const {
    pollfd waited{descriptor_.get(), POLLIN, 0};
    return ::poll(&waited, 1, timeout_ms) == 1;
  }
  Descriptor descriptor_;
};

TEST(Process, ExitCodeAndOutputComeBack) {
  ChildProcess child = ChildProcess::spawn(shell("echo hello; exit 3")).value();
  EXPECT_EQ(read_line(child.stdout_descriptor()), "hello");
  const ExitStatus status = child.wait(kPatience_s).value();
  EXPECT_EQ(status.kind, Kind::kExited);
  EXPECT_EQ(status.code, 3);
  EXPECT_FALSE(status.success());
  EXPECT_EQ(status.describe(), "exited with code 3");
  EXPECT_GT(status.peak_rss_bytes, 0U);
}

TEST(Process, InputReachesTheChildAndItsEndToo) {
  ChildProcess child = ChildProcess::spawn(shell("cat; exit 5")).value();
  // Another child must not hold the first one's input open.
  const ChildProcess other = ChildProcess::spawn(shell("read x")).value();
  ASSERT_EQ(::write(child.stdin_descriptor(), "ping\n", 5), 5);
  EXPECT_EQ(read_line(child.stdout_descriptor()), "ping");
  child.close_stdin();
  EXPECT_EQ(child.stdin_descriptor(), -1);
  EXPECT_EQ(child.wait(kPatience_s).value().code, 5);
}

TEST(Process, UnpipedInputIsEmpty) {
  ProcessOptions options = shell("cat; exit 4");
  options.pipe_stdin = false;
  EXPECT_EQ(end_of(options).code, 4);
}

TEST(Process, DeathBySignalIsNamed) {
  const ExitStatus status = end_of(shell("kill -SEGV $$"));
  EXPECT_EQ(status.kind, Kind::kSignalled);
  EXPECT_EQ(status.signal, SIGSEGV);
  EXPECT_EQ(status.describe(), "killed by signal 11 (SIGSEGV)");
}

TEST(Process, AKillThatIsNotForMemoryIsJustAKill) {
  const ExitStatus status = end_of(shell("kill -KILL $$"));
  EXPECT_EQ(status.kind, Kind::kSignalled);
  EXPECT_EQ(status.signal, SIGKILL);
}

TEST(Process, OutOfMemoryExitCodeIsUnderstood) {
  const ExitStatus status = end_of(shell("exit " + std::to_string(kOutOfMemoryExitCode)));
  EXPECT_EQ(status.kind, Kind::kOutOfMemory);
  EXPECT_FALSE(status.success());
  EXPECT_EQ(status.describe(), "killed: out of memory");
}

TEST(Process, PollAndWaitDoNotEndARunningChild) {
  ChildProcess child = ChildProcess::spawn(shell("read x; exit 6")).value();
  EXPECT_FALSE(child.poll().has_value());
  EXPECT_FALSE(child.wait(0.001).has_value());
  ASSERT_EQ(::write(child.stdin_descriptor(), "\n", 1), 1);
  EXPECT_EQ(child.wait(kPatience_s).value().code, 6);
  EXPECT_EQ(child.poll().value().code, 6);  // the answer stays
}

TEST(Process, StopLetsTheChildFinishInItsGrace) {
  ChildProcess child = ChildProcess::spawn(shell("trap 'exit 7' TERM; echo ready; read x")).value();
  ASSERT_EQ(read_line(child.stdout_descriptor()), "ready");
  EXPECT_EQ(child.stop(kPatience_s).code, 7);
  EXPECT_EQ(child.stop(0).code, 7);  // again is harmless
}

TEST(Process, StopKillsTheChildThatDoesNotListen) {
  ChildProcess child = ChildProcess::spawn(shell("trap '' TERM; echo ready; read x")).value();
  ASSERT_EQ(read_line(child.stdout_descriptor()), "ready");
  const ExitStatus status = child.stop(0);
  EXPECT_EQ(status.kind, Kind::kSignalled);
  EXPECT_EQ(status.signal, SIGKILL);
}

TEST(Process, DestructionKillsGrandchildrenToo) {
  auto child =
      ChildProcess::spawn(shell("sleep 1000 & echo $!; (sleep 1000 & echo $!; wait) & wait"));
  ASSERT_TRUE(child.has_value());
  const Watch first(std::stoi(read_line(child->stdout_descriptor())));
  const Watch second(std::stoi(read_line(child->stdout_descriptor())));
  const Watch leader(child->id());
  ASSERT_TRUE(first.valid() && second.valid() && leader.valid());
  EXPECT_FALSE(first.has_ended() || second.has_ended());
  { const ChildProcess doomed = std::move(*child); }
  EXPECT_TRUE(leader.ends());
  EXPECT_TRUE(first.ends());
  EXPECT_TRUE(second.ends());
}

TEST(Process, TheEndOfTheChildEndsWhatItLeftBehind) {
  ChildProcess child =
      ChildProcess::spawn(shell("sleep 1000 >/dev/null & echo $!; read x")).value();
  const Watch left(std::stoi(read_line(child.stdout_descriptor())));
  ASSERT_TRUE(left.valid());
  child.close_stdin();
  EXPECT_TRUE(child.wait(kPatience_s).has_value());
  EXPECT_TRUE(left.ends());
}

TEST(Process, ChildDiesWithItsKilledParent) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const auto child = ChildProcess::spawn(shell("exec sleep 1000"));
    const std::string id = std::to_string(child ? child->id() : 0) + "\n";
    if (::write(ends[1], id.data(), id.size()) < 0) ::_exit(1);
    ::pause();
  }
  const pid_t id = std::stoi(read_line(ends[0]));
  ASSERT_GT(id, 0);
  const Watch watch(id);
  EXPECT_FALSE(watch.has_ended());
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(watch.ends());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Process, WritingToADeadChildIsAnErrorAndNotTheEndOfThisProcess) {
  ChildProcess child = ChildProcess::spawn(shell("exit 0")).value();
  ASSERT_TRUE(child.wait(kPatience_s).has_value());
  EXPECT_EQ(::write(child.stdin_descriptor(), "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST(Process, TheChildHasTheDefaultActionForSigpipe) {
  { const auto first = ChildProcess::spawn(shell("exit 0")); }  // SIGPIPE is ignored here from now
  EXPECT_EQ(end_of(shell("kill -PIPE $$")).signal, SIGPIPE);
}

TEST(Process, UnknownProgramIsNotFoundAndSaysWhereItLooked) {
  ProcessOptions options;
  options.arguments = {"no-such-program-at-all"};
  const Error error = ChildProcess::spawn(options).error();
  EXPECT_EQ(error.category, ErrorCategory::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("\"no-such-program-at-all\" was not found in PATH ("));
  options.arguments = {"/no/such/program"};
  EXPECT_EQ(ChildProcess::spawn(options).error().category, ErrorCategory::kNotFound);
}

TEST(Process, FileThatIsNotExecutableIsAPermissionError) {
  const TemporaryFolder folder = TemporaryFolder::create("process").value();
  ASSERT_TRUE(write_file_atomic(folder.path() / "plain", "text"));
  ProcessOptions options;
  options.arguments = {folder.path() / "plain"};
  EXPECT_EQ(ChildProcess::spawn(options).error().category, ErrorCategory::kPermission);
}

TEST(Process, FailureOfExecItselfComesBackToTheParent) {
  const TemporaryFolder folder = TemporaryFolder::create("process").value();
  const auto script = folder.path() / "script";
  ASSERT_TRUE(write_file_atomic(script, "#!/no/such/interpreter\n"));
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  ProcessOptions options;
  options.arguments = {script};
  const Error error = ChildProcess::spawn(options).error();
  EXPECT_EQ(error.category, ErrorCategory::kNotFound);
  EXPECT_THAT(error.hint, HasSubstr("interpreter"));
}

TEST(Process, FolderIsTheWorkingFolder) {
  const TemporaryFolder folder = TemporaryFolder::create("process").value();
  ProcessOptions options = shell("pwd -P");
  options.folder = folder.path();
  EXPECT_EQ(first_line_of(options), std::filesystem::canonical(folder.path()).string());
  options.folder = folder.path() / "none";
  EXPECT_THAT(ChildProcess::spawn(options).error().message,
              HasSubstr(options.folder.string() + ": No such file"));
}

TEST(Process, EnvironmentIsTheParentsWithTheExtraLines) {
  ProcessOptions options = shell("echo \"$EDGETRAN_EXTRA-$HOME-${PATH:+path}\"");
  options.environment = {"EDGETRAN_EXTRA=1", "HOME=/nowhere"};
  EXPECT_EQ(first_line_of(options), "1-/nowhere-path");
}

TEST(Process, MessagesAreAppendedToTheirFile) {
  const TemporaryFolder folder = TemporaryFolder::create("process").value();
  for (const char* word : {"first", "second"}) {
    ProcessOptions options = shell(std::string("echo ") + word + " >&2");
    options.stderr_file = folder.path() / "messages";
    EXPECT_TRUE(end_of(options).success());
  }
  EXPECT_EQ(read_file(folder.path() / "messages").value(), "first\nsecond\n");
}

TEST(Process, LimitsHoldInTheChildOnly) {
  ProcessOptions options = shell("echo $(ulimit -v) $(ulimit -t)");
  options.memory_limit_bytes = uint64_t{512} << 20;
  options.cpu_limit_s = 99.5;
  EXPECT_EQ(first_line_of(options), "524288 100");
  EXPECT_NE(first_line_of(shell("echo $(ulimit -v) $(ulimit -t)")), "524288 100");
}

TEST(Process, DescriptorsOfTheParentDoNotReachTheChild) {
  const Descriptor leaky(::open("/dev/null", O_RDONLY));  // inheritable, as careless code opens
  const std::string file = "/proc/self/fd/" + std::to_string(leaky.get());
  EXPECT_EQ(first_line_of(shell("test -e " + file + " && echo leaked || echo closed")), "closed");
}

TEST(Process, ChildHasAGroupOfItsOwn) {
  const ChildProcess child = ChildProcess::spawn(shell("read x")).value();
  EXPECT_EQ(::getpgid(child.id()), child.id());
}

TEST(Process, ManyChildrenFromManyThreadsEachGetTheirOwnAnswer) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&wrong, t] {
      for (int i = 0; i < 8; ++i) {
        const int code = static_cast<int>(t) * 8 + i;
        if (end_of(shell("exit " + std::to_string(code))).code != code) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ::testing::Each(0));
}

TEST(Process, OwnPeakMemoryCoversWhatWasTouched) {
  constexpr size_t kBytes = size_t{32} << 20;
  const std::string touched(kBytes, 'x');
  EXPECT_GT(peak_rss_bytes(), touched.size());
}

TEST(Process, ExecutableFolderHoldsThisProgram) {
  EXPECT_TRUE(std::filesystem::exists(executable_folder() / "base_test"));
}

}  // namespace
}  // namespace edgetran::base
