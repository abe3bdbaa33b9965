#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace edgetran::base {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Files : public ::testing::Test {
 protected:
  fs::path at(std::string_view name) const { return folder_.path() / name; }
  size_t entries() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }
  TemporaryFolder folder_ = TemporaryFolder::create("files").value();
};

TEST_F(Files, AtomicFileAppearsAtCommitOnly) {
  AtomicFile file = AtomicFile::create(at("a")).value();
  ASSERT_TRUE(file.write("one "));
  ASSERT_TRUE(file.write("two"));
  EXPECT_FALSE(fs::exists(at("a")));
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(read_file(at("a")).value(), "one two");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Files, AtomicFileHasNoNameBeforeItsCommit) {
  // So that a process that is killed leaves nothing half-written.
  EXPECT_TRUE(write_file_atomic(at("old"), "old"));
  for (const char* name : {"old", "new"}) {
    AtomicFile file = AtomicFile::create(at(name)).value();
    ASSERT_TRUE(file.write("half"));
    EXPECT_EQ(entries(), 1U);
  }
}

TEST_F(Files, AtomicFileAbandonedLeavesTheOldFileAndNoTemporary) {
  ASSERT_TRUE(write_file_atomic(at("a"), "old"));
  {
    AtomicFile file = AtomicFile::create(at("a")).value();
    ASSERT_TRUE(file.write("new"));
  }
  EXPECT_EQ(read_file(at("a")).value(), "old");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Files, AtomicFileKeepsTheModeOfTheFileItReplaces) {
  ASSERT_TRUE(write_file_atomic(at("a"), "old"));
  fs::permissions(at("a"), fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(write_file_atomic(at("a"), "new"));
  EXPECT_EQ(fs::status(at("a")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Files, AtomicFileFollowsALink) {
  ASSERT_TRUE(write_file_atomic(at("target"), "old"));
  fs::create_symlink(at("target"), at("link"));
  ASSERT_TRUE(write_file_atomic(at("link"), "new"));
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(read_file(at("target")).value(), "new");
}

TEST_F(Files, AtomicFileTakesTheLongestNameOfTheSystem) {
  EXPECT_TRUE(write_file_atomic(at(std::string(255, 'n')), "x").has_value());
}

TEST_F(Files, AtomicFileInAMissingFolderIsNotFound) {
  EXPECT_EQ(AtomicFile::create(at("no/such")).error().category, ErrorCategory::kNotFound);
}

TEST_F(Files, AtomicFileOverAFolderIsAUsageError) {
  EXPECT_EQ(AtomicFile::create(folder_.path()).error().category, ErrorCategory::kUsage);
}

/// While it lives, files of this process cannot grow beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  sighandler_t old_handler_ = SIG_DFL;
};

TEST_F(Files, AtomicFileThatCannotGrowIsAResourceErrorAndTheOldFileStays) {
  ASSERT_TRUE(write_file_atomic(at("a"), "old"));
  Status status;
  {
    const FileSizeLimit limit(100'000);
    status = write_file_atomic(at("a"), std::string(200'000, 'x'));
  }
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().category, ErrorCategory::kResource);
  EXPECT_THAT(status.error().message, HasSubstr(at("a").string() + ": File too large"));
  EXPECT_EQ(read_file(at("a")).value(), "old");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Files, AtomicFileThatFailedCannotBeCommitted) {
  AtomicFile file = AtomicFile::create(at("a")).value();
  {
    const FileSizeLimit limit(10);
    EXPECT_FALSE(file.write(std::string(100, 'x')).has_value());
  }
  EXPECT_FALSE(file.write("more").has_value());
  EXPECT_FALSE(file.commit().has_value());
  EXPECT_EQ(entries(), 0U);
}

constexpr int kNoMount = 99;

/// Mounts an empty disk of 256 KiB that only this process sees.
bool mount_small_disk(const fs::path& at) {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=256k") == 0;
}

/// Exit code of `work` in a process of its own.
template <class Work>
int in_child(const Work& work) {
  const pid_t id = ::fork();
  if (id == 0) ::_exit(work());
  int status = 0;
  return ::waitpid(id, &status, 0) == id && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Fills a disk of 256 KiB. 0 when all was as promised.
int fill_a_small_disk(const fs::path& disk) {
  if (!mount_small_disk(disk)) return kNoMount;
  if (!write_file_atomic(disk / "a", "old")) return 1;
  const Status status = write_file_atomic(disk / "a", std::string(1 << 20, 'x'));
  if (status || status.error().category != ErrorCategory::kResource) return 2;
  if (status.error().message.find("No space left on device") == std::string::npos) return 3;
  if (read_file(disk / "a").value_or("") != "old") return 4;
  return std::distance(fs::directory_iterator(disk), fs::directory_iterator()) == 1 ? 0 : 5;
}

TEST_F(Files, FullDiskIsAResourceErrorAndTheOldFileStays) {
  const int code = in_child([&] { return fill_a_small_disk(folder_.path()); });
  if (code == kNoMount) GTEST_SKIP() << "no permission to mount a small disk";
  EXPECT_EQ(code, 0);
}

TEST_F(Files, AtomicFileIsWrittenUnderAnotherNameWhereAFileCannotBeWithoutOne) {
  ASSERT_TRUE(write_file_atomic(at("a"), "old"));
  const int code = in_child([&] {
    if (!mount_small_disk("/proc")) return kNoMount;  // an empty /proc: nothing gives files names
    AtomicFile file = AtomicFile::create(at("a")).value();
    if (!file.write("new") || entries() != 2) return 1;
    return file.commit() && entries() == 1 && read_file(at("a")).value_or("") == "new" ? 0 : 2;
  });
  if (code == kNoMount) GTEST_SKIP() << "no permission to hide /proc";
  EXPECT_EQ(code, 0);
}

TEST_F(Files, ReadFileTellsMissingLargeAndFolderApart) {
  EXPECT_EQ(read_file(at("none")).error().category, ErrorCategory::kNotFound);
  EXPECT_EQ(read_file(folder_.path()).error().category, ErrorCategory::kUsage);
  ASSERT_TRUE(write_file_atomic(at("a"), "12345"));
  EXPECT_EQ(read_file(at("a"), 5).value(), "12345");
  EXPECT_EQ(read_file(at("a"), 4).error().category, ErrorCategory::kResource);
}

TEST_F(Files, ReadFileReadsFilesThatClaimToBeEmpty) {
  EXPECT_THAT(read_file("/proc/self/status").value(), HasSubstr("VmHWM"));
}

TEST_F(Files, ReadFileLimitsWhatNeverEnds) {
  EXPECT_EQ(read_file("/dev/zero", 1 << 20).error().category, ErrorCategory::kResource);
}

TEST_F(Files, ReadFileDoesNotWaitForAPipe) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(at("pipe")).value_or("failed"), "");
}

TEST_F(Files, MakeFolderMakesParentsAndIsRepeatable) {
  EXPECT_TRUE(make_folder(at("x/y/z")).has_value());
  EXPECT_TRUE(make_folder(at("x/y/z")).has_value());
  ASSERT_TRUE(write_file_atomic(at("f"), ""));
  EXPECT_FALSE(make_folder(at("f")).has_value());
  EXPECT_FALSE(make_folder(at("f/g")).has_value());
}

TEST_F(Files, MappedFileShowsTheBytesAndSurvivesAMove) {
  ASSERT_TRUE(write_file_atomic(at("a"), "mapped"));
  MappedFile first = MappedFile::open(at("a")).value();
  const MappedFile second = std::move(first);
  EXPECT_EQ(second.text(), "mapped");
  EXPECT_EQ(second.bytes().size(), 6U);
}

TEST_F(Files, MappedFileOfAnEmptyFileIsEmpty) {
  ASSERT_TRUE(write_file_atomic(at("a"), ""));
  EXPECT_TRUE(MappedFile::open(at("a")).value().bytes().empty());
  EXPECT_EQ(MappedFile::open(at("none")).error().category, ErrorCategory::kNotFound);
}

TEST_F(Files, TemporaryFolderIsRemovedWithItsContents) {
  fs::path path;
  {
    const TemporaryFolder folder = TemporaryFolder::create("gone").value();
    path = folder.path();
    ASSERT_TRUE(make_folder(path / "a/b"));
    ASSERT_TRUE(write_file_atomic(path / "a/b/c", "x"));
  }
  EXPECT_FALSE(path.empty());
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(Files, FileLockIsExclusiveAndNamesItsHolder) {
  const FileLock lock = FileLock::acquire(at("lock")).value();
  const Error error = FileLock::acquire(at("lock")).error();
  EXPECT_EQ(error.category, ErrorCategory::kResource);
  EXPECT_THAT(error.message, HasSubstr("locked by process " + std::to_string(::getpid())));
}

TEST_F(Files, FileLockIsFreeAfterItsEndAndAfterItsHoldersDeath) {
  { const FileLock lock = FileLock::acquire(at("lock")).value(); }
  const pid_t id = ::fork();
  if (id == 0) {
    const Result<FileLock> held = FileLock::acquire(at("lock"));
    ::_exit(held ? 0 : 1);  // without unlocking
  }
  int status = 0;
  ASSERT_EQ(::waitpid(id, &status, 0), id);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(FileLock::acquire(at("lock")).has_value());
}

TEST_F(Files, FileLockIsOfTheFileThatStandsThere) {
  const FileLock lock = FileLock::acquire(at("lock")).value();
  ASSERT_TRUE(fs::remove(at("lock")));
  const FileLock next = FileLock::acquire(at("lock")).value();  // of another file of this name
  EXPECT_FALSE(FileLock::acquire(at("lock")));
}

TEST_F(Files, FileLockRefusesALinkAndLeavesItsTargetAsItIs) {
  ASSERT_TRUE(write_file_atomic(at("target"), "precious"));
  fs::create_symlink(at("target"), at("lock"));
  const auto lock = FileLock::acquire(at("lock"));
  ASSERT_FALSE(lock);
  EXPECT_THAT(lock.error().message, HasSubstr(at("lock").string()));
  EXPECT_EQ(read_file(at("target")).value(), "precious");
}

TEST_F(Files, FileLockHeldElsewhereKeepsItsHoldersId) {
  const FileLock lock = FileLock::acquire(at("lock")).value();
  const std::string id = read_file(at("lock")).value();
  EXPECT_FALSE(FileLock::acquire(at("lock")));
  EXPECT_EQ(read_file(at("lock")).value(), id);
}

}  // namespace
}  // namespace edgetran::base
