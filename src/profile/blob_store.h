#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgetran::profile {

/// Bytes by the SHA-256 of their content, in memory and bounded in bytes and in number: the least
/// recently used go first.
class BlobStore {
 public:
  /// Small blobs cost more than their bytes, and finding one looks at each.
  static constexpr size_t kMaxEntries = 1024;

  explicit BlobStore(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  /// Keeps the bytes and returns their hash. kResource: they alone are over the limit.
  base::Result<std::string> put(std::string bytes);
  /// nullptr where there are none with this hash. The bytes live on while the pointer does.
  std::shared_ptr<const std::string> find(std::string_view sha256);
  uint64_t bytes() const { return bytes_; }
  uint64_t limit_bytes() const { return limit_bytes_; }

 private:
  struct Entry {
    std::string sha256;
    std::shared_ptr<const std::string> bytes;
  };
  uint64_t limit_bytes_;
  uint64_t bytes_ = 0;
  std::list<Entry> entries_;  ///< most recently used first
};

}  // namespace edgetran::profile
