#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgetran::base {

/// SHA-256, fed in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  /// 64 lower-case hex digits; call once.
  std::string hex_digest();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string sha256_hex(std::string_view bytes);
Result<std::string> sha256_file(const std::filesystem::path& path);

/// CRC-32 (IEEE 802.3) for torn-write detection in logs and frames.
uint32_t crc32(std::string_view bytes, uint32_t seed = 0);

/// Stable 64-bit hash of a name, for keying random streams (FNV-1a, then a finaliser).
uint64_t stable_hash(std::string_view bytes);

}  // namespace edgetran::base
