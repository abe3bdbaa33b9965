#pragma once

#include <cstdint>
#include <string>

/// Protobuf by hand, so that no reader is tested with itself.
namespace edgetran::profile::protobuf {

inline std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}

/// A field of bytes: a text, or a message.
inline std::string bytes(uint64_t field, const std::string& value) {
  return varint(field << 3 | 2) + varint(value.size()) + value;
}

inline std::string number(uint64_t field, uint64_t value) {
  return varint(field << 3) + varint(value);
}

}  // namespace edgetran::profile::protobuf
