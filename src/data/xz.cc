#include "data/xz.h"

#include <fmt/format.h>
#include <lzma.h>

#include <algorithm>

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::fail;

constexpr uint64_t kMemoryLimitBytes = uint64_t{128} << 20;
constexpr std::string_view kMagic(
    "\xFD"
    "7zXZ\0",
    6);
constexpr size_t kFirstChunkBytes = size_t{1} << 16;

struct Decoder {
  lzma_stream stream = LZMA_STREAM_INIT;
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { lzma_end(&stream); }
};

tl::unexpected<base::Error> problem(lzma_ret code, std::string_view name) {
  switch (code) {
    case LZMA_FORMAT_ERROR:
      return fail(ErrorCategory::kUsage, fmt::format("{}: it is no xz file", name),
                  "name a file .xz only where xz made it");
    case LZMA_OPTIONS_ERROR:
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: its xz options are not known to this liblzma", name),
                  "compress it again with plain `xz`");
    case LZMA_MEMLIMIT_ERROR:
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: decompressing it takes more than {} MiB of memory", name,
                              kMemoryLimitBytes >> 20),
                  "compress it again with `xz -9` or less");
    case LZMA_MEM_ERROR:
      return fail(ErrorCategory::kResource, fmt::format("{}: out of memory", name));
    case LZMA_BUF_ERROR:
      return fail(ErrorCategory::kCorrupt, fmt::format("{}: the xz file is cut off", name),
                  "fetch it again");
    default:
      return fail(ErrorCategory::kCorrupt, fmt::format("{}: the xz file is damaged", name),
                  "fetch it again");
  }
}

}  // namespace

base::Result<std::string> decompress_xz(std::string_view bytes, std::string_view name,
                                        uint64_t limit_bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic.substr(0, bytes.size()))
    return problem(LZMA_FORMAT_ERROR, name);
  Decoder decoder;
  lzma_stream& stream = decoder.stream;
  if (const auto code = lzma_stream_decoder(&stream, kMemoryLimitBytes, LZMA_CONCATENATED);
      code != LZMA_OK)
    return problem(code, name);
  stream.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  std::string text;
  while (true) {
    // One byte more than is allowed, so that reaching the limit and passing it differ.
    const auto most = static_cast<size_t>(limit_bytes) + 1;
    const size_t done = text.size();
    text.resize(std::min(std::max(kFirstChunkBytes, 2 * done), most));
    stream.next_out = reinterpret_cast<uint8_t*>(text.data()) + done;
    stream.avail_out = text.size() - done;
    const lzma_ret code = lzma_code(&stream, LZMA_FINISH);
    text.resize(text.size() - stream.avail_out);
    if (text.size() > limit_bytes)
      return fail(ErrorCategory::kUsage,
                  fmt::format("{}: {} bytes of xz hold more than {} bytes; at most that is read",
                              name, bytes.size(), limit_bytes),
                  "decompress the file, or split it");
    if (code == LZMA_STREAM_END) return text;
    if (code != LZMA_OK) return problem(code, name);
  }
}

}  // namespace edgetran::data
