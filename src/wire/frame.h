#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgetran::wire {

// The frame format of docs/protocol.md. A frame is a header of 16 bytes and a payload:
//   0  "EDTN"
//   4  version of the frame format (1)
//   5  kind (1 JSON, 2 blob)
//   6  two zero bytes
//   8  payload bytes, u32 little-endian
//   12 CRC-32 of header bytes 0..11 and the payload, u32 little-endian
inline constexpr size_t kHeaderBytes = 16;
inline constexpr uint8_t kFrameVersion = 1;

/// Largest payload of either kind: one frame never makes a peer hold more than this.
inline constexpr uint32_t kMaxPayloadBytes = uint32_t{1} << 20;

enum class FrameKind : uint8_t { kJson = 1, kBlob = 2 };

struct FrameHeader {
  FrameKind kind = FrameKind::kJson;
  uint32_t payload_bytes = 0;
  uint32_t checksum = 0;
};

/// Header and payload as bytes. The payload has at most kMaxPayloadBytes (programmer error else).
std::string encode_frame(FrameKind kind, std::string_view payload);

/// Reads a header of kHeaderBytes. kProtocol: wrong magic, version, kind, padding or length.
base::Result<FrameHeader> decode_header(std::string_view bytes);

/// Whether the checksum in the header fits `header_bytes` and `payload`.
bool checksum_fits(const FrameHeader& header, std::string_view header_bytes,
                   std::string_view payload);

}  // namespace edgetran::wire
