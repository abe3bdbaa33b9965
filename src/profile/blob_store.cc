#include "profile/blob_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace edgetran::profile {

base::Result<std::string> BlobStore::put(std::string bytes) {
  if (bytes.size() > limit_bytes_) {
    return base::fail(
        base::ErrorCategory::kResource,
        fmt::format("{} bytes are over the store's limit of {}", bytes.size(), limit_bytes_));
  }
  std::string sha256 = base::sha256_hex(bytes);
  if (find(sha256)) return sha256;
  while (bytes_ + bytes.size() > limit_bytes_ || entries_.size() >= kMaxEntries) {
    bytes_ -= entries_.back().bytes->size();
    entries_.pop_back();
  }
  bytes_ += bytes.size();
  entries_.push_front({sha256, std::make_shared<const std::string>(std::move(bytes))});
  return sha256;
}

std::shared_ptr<const std::string> BlobStore::find(std::string_view sha256) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [sha256](const Entry& entry) { return entry.sha256 == sha256; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->bytes;
}

}  // namespace edgetran::profile
