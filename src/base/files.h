#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgetran::base {

/// Whole file as bytes. Errors: kNotFound, kPermission, kResource above `limit_bytes`.
Result<std::string> read_file(const std::filesystem::path& path,
                              uint64_t limit_bytes = uint64_t{1} << 32);

/// A file that appears whole or not at all: written beside its target, synced, renamed, folder
/// synced. Destroyed before commit(): the temporary is removed and the old file stays.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::filesystem::path& target);
  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) noexcept;
  ~AtomicFile();
  /// Disk full or an I/O error is kResource with the path and the system's words.
  Status write(std::string_view bytes);
  Status commit();

 private:
  struct Impl;
  explicit AtomicFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// AtomicFile in one call.
Status write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

/// Creates the folder and its parents.
Status make_folder(const std::filesystem::path& path);

/// Read-only memory map of a whole file; an empty file gives an empty span.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  MappedFile() = default;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// A folder of its own under the system's temporary folder, removed with its contents at the end.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create(std::string_view prefix);
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  TemporaryFolder() = default;
  std::filesystem::path path_;
};

/// Advisory exclusive lock on a file (created if absent), released at the end or when the process
/// dies. Held elsewhere: kResource naming the holder's process id.
class FileLock {
 public:
  static Result<FileLock> acquire(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  FileLock() = default;
  int descriptor_ = -1;
};

}  // namespace edgetran::base
