#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgetran::data {

// Byte-level vocabularies (Radford et al., 2019, section 2.2) write each byte as one printable
// character: the printable bytes of Latin-1 as themselves, the other 68 as U+0100 and on, in order.
// So a blank is "Ġ" (U+0120), and no entry of a vocabulary holds white space.

/// The character that stands for `byte`.
char32_t byte_character(uint8_t byte);

/// `bytes` as they are written in a vocabulary.
std::string written_bytes(std::string_view bytes);

/// The bytes that `written` stands for; nullopt where one of its characters stands for none.
std::optional<std::string> bytes_of_written(std::string_view written);

}  // namespace edgetran::data
