#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/result.h"

namespace edgetran::base {

/// A file in memory without a name in any folder: it ends with this process, whatever ends it.
/// Programs of the same user open it under path().
class MemoryFile {
 public:
  /// With `text` in it; `name` is for people who look into /proc. kResource where there is no
  /// memory or descriptor left.
  static Result<MemoryFile> create(const char* name, std::string_view text = {});

  /// Opens as any file does, from any process of this user, until this object ends.
  const std::filesystem::path& path() const { return path_; }

 private:
  MemoryFile(Descriptor descriptor, std::filesystem::path path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Descriptor descriptor_;
  std::filesystem::path path_;
};

}  // namespace edgetran::base
