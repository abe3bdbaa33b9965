#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgetran::data {

/// Most that a compressed file may hold. GLUE's largest file (MNLI's train.tsv) has about 400 MB;
/// xz reaches 7 000 : 1, so a file of 1 MB could otherwise fill the memory of any machine.
inline constexpr uint64_t kXzLimitBytes = uint64_t{1} << 30;

/// The content of an .xz file (one stream or several). Errors name `name`: kUsage for bytes that
/// are no xz or of a kind that is not read, for more than `limit_bytes` of content, and for a file
/// that wants more than 128 MiB to be decompressed (`xz -9` wants 65 MiB); kCorrupt for damaged or
/// cut off ones.
base::Result<std::string> decompress_xz(std::string_view bytes, std::string_view name,
                                        uint64_t limit_bytes = kXzLimitBytes);

}  // namespace edgetran::data
