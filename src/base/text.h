#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgetran::base {

/// Without leading and trailing blanks, tabs and line ends.
std::string_view trim(std::string_view text);

/// The parts between separators: "a,,b" gives "a", "", "b"; an empty text gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// "a, b and c".
std::string join_words(const std::vector<std::string>& words, std::string_view last = "and");

/// `text` in double quotes for a message: control characters and bad UTF-8 are made visible, and
/// more than `limit` bytes are cut ("…").
std::string in_quotes(std::string_view text, size_t limit = 80);

/// Byte offset of the first byte that is not part of valid UTF-8; nullopt where all is valid.
/// Overlong forms, surrogates and code points above U+10FFFF are not valid.
std::optional<size_t> first_invalid_utf8(std::string_view text);

/// Number of code points in valid UTF-8.
size_t count_code_points(std::string_view text);

/// `text` safe to show on a terminal: control characters (C0, DEL, C1), separators of lines, turns
/// of the direction of writing and bytes that are not UTF-8 become U+FFFD.
std::string printable(std::string_view text);

}  // namespace edgetran::base
