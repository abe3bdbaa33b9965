#include "data/byte_alphabet.h"

#include <array>

#include "data/characters.h"

namespace edgetran::data {
namespace {

constexpr size_t kAlphabetSize = 256;
constexpr char32_t kFirstStandIn = 0x100;

constexpr bool stands_for_itself(uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<char32_t, kAlphabetSize> kCharacters = [] {
  std::array<char32_t, kAlphabetSize> characters{};
  char32_t next = kFirstStandIn;
  for (uint32_t byte = 0; byte < kAlphabetSize; ++byte)
    characters[byte] = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
  return characters;
}();

constexpr size_t kStandIns = 68;
// Indexed by character; -1: stands for no byte.
constexpr std::array<int16_t, kFirstStandIn + kStandIns> kBytesOf = [] {
  std::array<int16_t, kFirstStandIn + kStandIns> bytes{};
  bytes.fill(-1);
  for (uint32_t byte = 0; byte < kAlphabetSize; ++byte)
    bytes[kCharacters[byte]] = static_cast<int16_t>(byte);
  return bytes;
}();

}  // namespace

char32_t byte_character(uint8_t byte) { return kCharacters[byte]; }

std::string written_bytes(std::string_view bytes) {
  std::string written;
  for (const char byte : bytes) append_utf8(written, kCharacters[static_cast<uint8_t>(byte)]);
  return written;
}

std::optional<std::string> bytes_of_written(std::string_view written) {
  std::string bytes;
  for (size_t at = 0; at < written.size();) {
    const char32_t character = decode_utf8(written, at);
    if (character >= kBytesOf.size() || kBytesOf[character] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(kBytesOf[character]));
  }
  return bytes;
}

}  // namespace edgetran::data
