#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/descriptor.h"
#include "base/system_error.h"

namespace edgetran::base {
namespace {

namespace fs = std::filesystem;

/// A file opened for reading, and its size (0 for a pipe or a device, whose size is not known).
struct OpenedFile {
  Descriptor descriptor;
  uint64_t size = 0;
};

Result<OpenedFile> open_to_read(const fs::path& path) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.valid()) return fail(system_error("cannot open", path, errno));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0)
    return fail(system_error("cannot inspect", path, errno));
  if (S_ISDIR(status.st_mode))
    return fail(ErrorCategory::kUsage, fmt::format("{} is a folder, not a file", path.string()));
  const uint64_t size = S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0;
  return OpenedFile{std::move(descriptor), size};
}

Error too_large(const fs::path& path, uint64_t limit_bytes) {
  return {ErrorCategory::kResource,
          fmt::format("{} is larger than the limit of {} bytes", path.string(), limit_bytes), ""};
}

/// kResource with the holder's process id, which it wrote into the file, where another has the
/// lock.
Status lock_now(int descriptor, const fs::path& path) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return fail(system_error("cannot lock", path, errno));
  std::array<char, 32> holder{};
  const ssize_t count = ::pread(descriptor, holder.data(), holder.size() - 1, 0);
  const std::string_view text(holder.data(), count > 0 ? static_cast<size_t>(count) : 0);
  const std::string_view id = text.substr(0, text.find_first_not_of("0123456789"));
  return fail(ErrorCategory::kResource,
              fmt::format("{} is locked by {}", path.string(),
                          id.empty() ? "another process" : fmt::format("process {}", id)),
              "wait until that process has ended, or stop it");
}

/// Whether the opened file is still the one of this name.
bool is_at(int descriptor, const fs::path& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

Result<std::string> read_file(const fs::path& path, uint64_t limit_bytes) {
  EDGETRAN_ASSIGN(OpenedFile file, open_to_read(path));
  if (file.size > limit_bytes) return fail(too_large(path, limit_bytes));
  // Files of /proc claim size 0, and a file may grow: read to the end, whatever the size said.
  std::string text;
  text.reserve(file.size);
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count = ::read(file.descriptor.get(), buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail(system_error("cannot read", path, errno));
    }
    if (static_cast<uint64_t>(count) > limit_bytes - text.size())
      return fail(too_large(path, limit_bytes));
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

Status make_folder(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) return fail(system_error("cannot create folder", path, code.value()));
  // create_directories is silent where a file is in the way.
  if (!fs::is_directory(path, code))
    return fail(system_error("cannot create folder", path, ENOTDIR));
  return {};
}

Result<MappedFile> MappedFile::open(const fs::path& path) {
  EDGETRAN_ASSIGN(OpenedFile file, open_to_read(path));
  MappedFile mapped;
  if (file.size == 0) return mapped;
  void* data = ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, file.descriptor.get(), 0);
  if (data == MAP_FAILED) return fail(system_error("cannot map", path, errno));
  mapped.data_ = static_cast<const std::byte*>(data);
  mapped.size_ = file.size;
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<TemporaryFolder> TemporaryFolder::create(std::string_view prefix) {
  std::error_code code;
  const fs::path root = fs::temp_directory_path(code);
  if (code) return fail(system_error("no temporary folder", root, code.value()));
  std::string name = (root / fmt::format("{}-XXXXXX", prefix)).string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail(system_error("cannot create a temporary folder in", root, errno));
  TemporaryFolder folder;
  folder.path_ = name;
  return folder;
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code code;  // nothing to be done about a failure here
  if (!path_.empty()) fs::remove_all(path_, code);
}

Result<FileLock> FileLock::acquire(const fs::path& path) {
  // Somebody may remove the file between our opening and locking it; who locks the new one would
  // not see us. Each round costs that somebody a removal: a few are enough.
  constexpr int kRounds = 16;
  for (int round = 0; round < kRounds; ++round) {
    Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!descriptor.valid()) return fail(system_error("cannot open lock file", path, errno));
    EDGETRAN_TRY(lock_now(descriptor.get(), path));
    if (!is_at(descriptor.get(), path)) continue;
    // The holder's id is for messages only, so a full disk does not undo the lock.
    const std::string id = fmt::format("{}\n", ::getpid());
    [[maybe_unused]] const bool named =
        ::ftruncate(descriptor.get(), 0) == 0 &&
        ::pwrite(descriptor.get(), id.data(), id.size(), 0) == static_cast<ssize_t>(id.size());
    FileLock lock;
    lock.descriptor_ = descriptor.release();
    return lock;
  }
  return fail(ErrorCategory::kResource,
              fmt::format("{} is removed again and again while it is being locked", path.string()),
              "let the file be: it is in use");
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ < 0) return;
  // Unlocked by hand: a child between fork and exec may hold a copy for a moment longer.
  ::flock(descriptor_, LOCK_UN);
  ::close(descriptor_);
}

}  // namespace edgetran::base
