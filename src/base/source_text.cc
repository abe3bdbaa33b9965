#include "base/source_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace edgetran::base {
namespace {

constexpr size_t kShown = 100;  // bytes of a source line in a message

size_t line_start(std::string_view text, size_t offset) {
  const size_t before = offset == 0 ? text.npos : text.rfind('\n', offset - 1);
  return before == text.npos ? 0 : before + 1;
}

bool inside_sequence(std::string_view text, size_t offset) {
  return offset < text.size() && (static_cast<uint8_t>(text[offset]) & 0xC0U) == 0x80U;
}

/// The source line and the caret, indented by four.
std::string excerpt(std::string_view text, size_t offset) {
  const size_t start = line_start(text, offset);
  std::string_view line = text.substr(start, text.find('\n', start) - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  size_t place = std::min(offset - start, line.size());

  size_t first = place > kShown / 2 ? place - kShown / 2 : 0;
  while (first > 0 && inside_sequence(line, first)) --first;
  size_t last = std::min(line.size(), first + kShown);
  while (inside_sequence(line, last)) ++last;
  const std::string before = printable(line.substr(first, place - first));
  const std::string after = printable(line.substr(place, last - place));
  const std::string_view cut_left = first > 0 ? "…" : "";
  const std::string_view cut_right = last < line.size() ? "…" : "";
  const size_t blanks = count_code_points(before) + count_code_points(cut_left);
  return fmt::format("    {}{}{}{}\n    {}^", cut_left, before, after, cut_right,
                     std::string(blanks, ' '));
}

}  // namespace

SourcePosition locate(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const size_t start = line_start(text, offset);
  const auto lines =
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(start), '\n');
  return {static_cast<int>(lines) + 1,
          static_cast<int>(count_code_points(text.substr(start, offset - start))) + 1};
}

Error source_error(std::string_view text, std::string_view name, size_t offset,
                   std::string_view message, std::string_view hint) {
  offset = std::min(offset, text.size());
  const SourcePosition position = locate(text, offset);
  return {ErrorCategory::kUsage,
          fmt::format("{}:{}:{}: {}\n{}", name, position.line, position.column, message,
                      excerpt(text, offset)),
          std::string(hint)};
}

Status check_utf8(std::string_view text, std::string_view name) {
  const auto bad = first_invalid_utf8(text);
  if (!bad) return {};
  return fail(source_error(
      text, name, *bad,
      fmt::format("byte {} (0x{:02X}) is not valid UTF-8", *bad, static_cast<uint8_t>(text[*bad])),
      "save the file as UTF-8"));
}

}  // namespace edgetran::base
