#include "wire/frame.h"

#include <fmt/core.h>

#include "base/hash.h"

namespace edgetran::wire {

namespace {

constexpr std::string_view kMagic = "EDTN";

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xFFU));
  }
}

uint32_t get_u32(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return value;
}

base::Result<FrameHeader> broken_header(std::string message) {
  return base::fail(base::ErrorCategory::kProtocol, "broken frame: " + std::move(message),
                    "the peer must speak docs/protocol.md and print nothing else on this stream");
}

}  // namespace

std::string encode_frame(FrameKind kind, std::string_view payload) {
  EDGETRAN_CHECK(payload.size() <= kMaxPayloadBytes, "frame payload too long");
  std::string frame;
  frame.reserve(kHeaderBytes + payload.size());
  frame += kMagic;
  frame.push_back(static_cast<char>(kFrameVersion));
  frame.push_back(static_cast<char>(kind));
  frame.append(2, '\0');
  put_u32(frame, static_cast<uint32_t>(payload.size()));
  put_u32(frame, base::crc32(payload, base::crc32(frame)));
  frame += payload;
  return frame;
}

base::Result<FrameHeader> decode_header(std::string_view bytes) {
  EDGETRAN_CHECK(bytes.size() == kHeaderBytes, "a header has 16 bytes");
  if (bytes.substr(0, 4) != kMagic) return broken_header("it does not begin with \"EDTN\"");
  const auto version = static_cast<uint8_t>(bytes[4]);
  if (version != kFrameVersion) {
    return broken_header(
        fmt::format("frame format version {}, this program reads {}", version, kFrameVersion));
  }
  const auto kind = static_cast<uint8_t>(bytes[5]);
  if (kind != 1 && kind != 2) return broken_header(fmt::format("kind {}, known are 1 and 2", kind));
  if (bytes[6] != 0 || bytes[7] != 0) return broken_header("bytes 6 and 7 are not zero");
  FrameHeader header{static_cast<FrameKind>(kind), get_u32(bytes.substr(8)),
                     get_u32(bytes.substr(12))};
  if (header.payload_bytes > kMaxPayloadBytes) {
    return broken_header(fmt::format("it claims {} payload bytes, at most {} are allowed",
                                     header.payload_bytes, kMaxPayloadBytes));
  }
  return header;
}

bool checksum_fits(const FrameHeader& header, std::string_view header_bytes,
                   std::string_view payload) {
  return header.checksum == base::crc32(payload, base::crc32(header_bytes.substr(0, 12)));
}

}  // namespace edgetran::wire
