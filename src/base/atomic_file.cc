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

constexpr int kAttempts = 100;  // names left behind by a dead process of the same id

/// A name in the target's folder that no other thread uses. It is short whatever the target's: a
/// long one would exceed the system's limit.
fs::path temporary_name(const fs::path& target) {
  static std::atomic<uint64_t> counter{0};
  return folder_of(target) / fmt::format(".edgetran-{}-{}.tmp", ::getpid(), counter.fetch_add(1));
}

/// A file without a name, which ends with this process whatever ends it; invalid where the file
/// system has none, or nothing to give it a name by.
Descriptor nameless_file(const fs::path& folder) {
  if (::access("/proc/self/fd", X_OK) != 0) return Descriptor();
  return Descriptor(::open(folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666));
}

/// Gives a nameless file a name that is not taken; false and errno where it cannot be.
bool give_name(const Descriptor& file, const fs::path& name) {
  const std::string source = fmt::format("/proc/self/fd/{}", file.get());
  return ::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

}  // namespace

struct AtomicFile::Impl {
  fs::path target;
  fs::path temporary;  // empty without a name of its own
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
  auto impl = std::make_unique<Impl>();
  impl->target = follow_link(target);
  std::error_code code;
  if (fs::is_directory(impl->target, code)) {
    return fail(ErrorCategory::kUsage,
                fmt::format("cannot write {}: it is a folder", target.string()));
  }
  impl->descriptor = nameless_file(folder_of(impl->target));
  if (impl->descriptor.valid()) return AtomicFile(std::move(impl));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const fs::path temporary = temporary_name(impl->target);
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
  // A new file takes its name at once; one that replaces another, which a link cannot, has a name
  // of its own for a moment, and is whole by then.
  bool named = impl_->temporary.empty() && give_name(impl_->descriptor, impl_->target);
  for (int attempt = 0; attempt < kAttempts && !named && impl_->temporary.empty(); ++attempt) {
    const fs::path temporary = temporary_name(impl_->target);
    if (give_name(impl_->descriptor, temporary))
      impl_->temporary = temporary;
    else if (errno != EEXIST)
      return impl_->failure("cannot write", errno);
  }
  if (::close(impl_->descriptor.release()) != 0) return impl_->failure("cannot write", errno);
  if (!named && std::rename(impl_->temporary.c_str(), impl_->target.c_str()) != 0)
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
