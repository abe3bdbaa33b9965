#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/descriptor.h"
#include "base/files.h"
#include "base/system_error.h"

namespace edgetran::base {
namespace {

namespace fs = std::filesystem;

/// The file that `target` stands for: a link is followed, so that it stays a link.
fs::path follow_link(const fs::path& target) {
  std::error_code code;
  if (!fs::is_symlink(target, code)) return target;
  const fs::path resolved = fs::weakly_canonical(target, code);
  return code ? target : resolved;
}

Status sync_folder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.valid()) return fail(system_error("cannot open folder", folder, errno));
  // Some file systems cannot sync a folder and say EINVAL; there is nothing better to do there.
  if (::fsync(descriptor.get()) != 0 && errno != EINVAL)
    return fail(system_error("cannot sync folder", folder, errno));
  return {};
}

fs::path folder_of(const fs::path& target) {
  return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

}  // namespace

struct AtomicFile::Impl {
  fs::path target;
  fs::path temporary;  // empty once renamed or removed
  Descriptor descriptor;
  std::optional<Error> failed;  // the first failure; the file can no longer be committed

  Status failure(std::string_view action, int code) {
    failed = system_error(action, target, code);
    discard();
    return fail(*failed);
  }
  void discard() {
    descriptor.reset();
    if (!temporary.empty()) ::unlink(temporary.c_str());
    temporary.clear();
  }
  ~Impl() { discard(); }
};

AtomicFile::AtomicFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;
AtomicFile::~AtomicFile() = default;

Result<AtomicFile> AtomicFile::create(const fs::path& target) {
  static std::atomic<uint64_t> counter{0};  // makes names unique among threads
  auto impl = std::make_unique<Impl>();
  impl->target = follow_link(target);
  std::error_code code;
  if (fs::is_directory(impl->target, code)) {
    return fail(ErrorCategory::kUsage,
                fmt::format("cannot write {}: it is a folder", target.string()));
  }
  constexpr int kAttempts = 100;  // names left behind by a dead process of the same id
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    // The name is short whatever the target's: a long one would exceed the system's limit.
    const fs::path temporary = folder_of(impl->target) /
                               fmt::format(".edgetran-{}-{}.tmp", ::getpid(), counter.fetch_add(1));
    impl->descriptor =
        Descriptor(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (impl->descriptor.valid()) {
      impl->temporary = temporary;
      return AtomicFile(std::move(impl));
    }
    if (errno != EEXIST) break;
  }
  return fail(system_error("cannot write", target, errno));
}

Status AtomicFile::write(std::string_view bytes) {
  EDGETRAN_CHECK(impl_ != nullptr, "write to a moved-from file");
  if (impl_->failed) return fail(*impl_->failed);
  EDGETRAN_CHECK(impl_->descriptor.valid(), "write after commit");
  while (!bytes.empty()) {
    const ssize_t count = ::write(impl_->descriptor.get(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return impl_->failure("cannot write", errno);
    }
  }
  return {};
}

Status AtomicFile::commit() {
  EDGETRAN_CHECK(impl_ != nullptr, "commit of a moved-from file");
  if (impl_->failed) return fail(*impl_->failed);
  EDGETRAN_CHECK(impl_->descriptor.valid(), "commit called twice");
  struct stat old {};
  if (::stat(impl_->target.c_str(), &old) == 0 && S_ISREG(old.st_mode))
    ::fchmod(impl_->descriptor.get(), old.st_mode & 07777);  // a replaced file keeps its mode
  if (::fsync(impl_->descriptor.get()) != 0) return impl_->failure("cannot write", errno);
  if (::close(impl_->descriptor.release()) != 0) return impl_->failure("cannot write", errno);
  if (std::rename(impl_->temporary.c_str(), impl_->target.c_str()) != 0)
    return impl_->failure("cannot replace", errno);
  impl_->temporary.clear();
  return sync_folder(folder_of(impl_->target));
}

Status write_file_atomic(const fs::path& path, std::string_view bytes) {
  EDGETRAN_ASSIGN(AtomicFile file, AtomicFile::create(path));
  EDGETRAN_TRY(file.write(bytes));
  return file.commit();
}

}  // namespace edgetran::base
